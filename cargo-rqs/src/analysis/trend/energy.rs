//! The best place to split a series in two, by the energy distance of both parts (Matteson and James 2014, exponent 1).

/// A split of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Split {
    /// The first point of the second part.
    pub(super) at: usize,
    /// How far apart both parts are: their energy distance, scaled by n m / (n + m).
    pub(super) statistic: f64,
}

/// The split with the largest statistic whose parts have at least so many points, two or more. The first of equals.
///
/// The sums of distances are kept while the border moves, and found through the ranks of the values: n log n steps
/// instead of n².
pub(super) fn best_split(values: &[f64], least: usize) -> Option<Split> {
    let (n, least) = (values.len(), least.max(2));
    if n < 2 * least {
        return None;
    }
    let ranks = ranks(values);
    let (mut left, mut right) = (Part::new(n), Part::new(n));
    (0..n).for_each(|i| right.add(values[i], ranks[i]));
    let total = right.within;
    let mut best: Option<Split> = None;
    for at in 1..=n - least {
        right.remove(values[at - 1], ranks[at - 1]);
        left.add(values[at - 1], ranks[at - 1]);
        if at < least {
            continue;
        }
        let (a, b) = (at as f64, (n - at) as f64);
        let between = total - left.within - right.within;
        let pairs = |size: f64| size * (size - 1.0) / 2.0;
        let distance = 2.0 * between / (a * b) - left.within / pairs(a) - right.within / pairs(b);
        let statistic = a * b / (a + b) * distance;
        if best.is_none_or(|best| statistic > best.statistic) {
            best = Some(Split { at, statistic });
        }
    }
    best
}

/// The place of each value among all of them in order.
fn ranks(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&one, &other| values[one].total_cmp(&values[other]));
    let mut ranks = vec![0; values.len()];
    order.into_iter().enumerate().for_each(|(rank, place)| ranks[place] = rank);
    ranks
}

/// Some of the values, with the sum of the distances between any two of them.
struct Part {
    within: f64,
    count: f64,
    sum: f64,
    /// Fenwick trees over the ranks: how many values there are up to one, and their sum.
    counts: Vec<f64>,
    sums: Vec<f64>,
}

impl Part {
    fn new(n: usize) -> Part {
        Part { within: 0.0, count: 0.0, sum: 0.0, counts: vec![0.0; n + 1], sums: vec![0.0; n + 1] }
    }

    fn add(&mut self, value: f64, rank: usize) {
        self.within += self.distances(value, rank);
        self.put(value, rank, 1.0);
    }

    fn remove(&mut self, value: f64, rank: usize) {
        self.put(value, rank, -1.0);
        self.within -= self.distances(value, rank);
    }

    fn put(&mut self, value: f64, rank: usize, sign: f64) {
        self.count += sign;
        self.sum += sign * value;
        let mut node = rank + 1;
        while node < self.counts.len() {
            self.counts[node] += sign;
            self.sums[node] += sign * value;
            node += node & node.wrapping_neg();
        }
    }

    /// The sum of the distances of a value to all that are there.
    fn distances(&self, value: f64, rank: usize) -> f64 {
        let (mut below, mut sum_below, mut node) = (0.0, 0.0, rank + 1);
        while node > 0 {
            below += self.counts[node];
            sum_below += self.sums[node];
            node -= node & node.wrapping_neg();
        }
        let (above, sum_above) = (self.count - below, self.sum - sum_below);
        (value * below - sum_below) + (sum_above - value * above)
    }
}
