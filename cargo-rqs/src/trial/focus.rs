//! What is measured when the budget no longer reaches for everything: what is nearest to a decision.
//!
//! While time is plentiful every undecided benchmark gets its share of it. Once what they all still need is more than
//! what is left, equal shares would leave each of them short of a decision, so the time goes to those that need least.

/// What one undecided benchmark still needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// Epochs until it is decided, by its spread so far; `None` while that cannot be said.
    pub epochs: Option<usize>,
    /// Epochs that its budget still allows.
    pub allowed: usize,
    /// Seconds that one epoch of it costs.
    pub cost_s: f64,
}

impl Need {
    /// Seconds until it is decided; infinite where its own budget ends before.
    fn seconds(&self) -> f64 {
        match self.epochs {
            Some(epochs) if epochs <= self.allowed => epochs.max(1) as f64 * self.cost_s,
            _ => f64::INFINITY,
        }
    }
}

/// The positions of the benchmarks to go on with: all of them while the time that is left reaches for all, or while
/// that cannot be foreseen of one that may still be decided; otherwise those that need least, as far as it reaches.
pub fn within_reach(needs: &[Need], left_s: f64) -> Vec<usize> {
    let everything: Vec<usize> = (0..needs.len()).collect();
    let cost_of_rest: f64 = needs.iter().map(|need| need.allowed as f64 * need.cost_s).sum();
    if cost_of_rest <= left_s || needs.iter().any(|need| need.epochs.is_none()) {
        return everything;
    }
    let mut nearest = everything.clone();
    nearest.sort_by(|a, b| needs[*a].seconds().total_cmp(&needs[*b].seconds()));
    let mut sum_s = 0.0;
    let mut chosen: Vec<usize> = nearest
        .into_iter()
        .take_while(|k| {
            sum_s += needs[*k].seconds();
            sum_s <= left_s
        })
        .collect();
    // Nothing can be decided any more: what is left narrows all intervals alike.
    if chosen.is_empty() {
        return everything;
    }
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn need(epochs: Option<usize>, allowed: usize, cost_s: f64) -> Need {
        Need { epochs, allowed, cost_s }
    }

    #[test]
    fn time_that_reaches_for_all_is_shared() {
        let needs = [need(Some(3), 10, 1.0), need(Some(50), 20, 1.0)];
        assert_eq!(within_reach(&needs, 30.0), [0, 1]);
        assert_eq!(within_reach(&needs, 29.0), [0], "the other one cannot be decided within its own budget");
    }

    #[test]
    fn what_needs_least_comes_first_when_time_is_short() {
        let needs = [need(Some(9), 90, 1.0), need(Some(2), 90, 1.0), need(Some(4), 90, 0.5)];
        assert_eq!(within_reach(&needs, 4.5), [1, 2]);
        assert_eq!(within_reach(&needs, 13.0), [0, 1, 2]);
        assert_eq!(within_reach(&needs, 1.0), [0, 1, 2], "nothing is within reach");
    }

    #[test]
    fn nothing_is_left_out_before_its_spread_is_known() {
        let needs = [need(Some(2), 90, 1.0), need(None, 90, 1.0)];
        assert_eq!(within_reach(&needs, 3.0), [0, 1]);
    }

    proptest! {
        #[test]
        fn what_is_chosen_fits_or_is_everything(
            needs in proptest::collection::vec((proptest::option::of(0usize..50), 1usize..100, 0.01f64..3.0), 0..20),
            left_s in 0.0f64..200.0,
        ) {
            let needs: Vec<Need> = needs.into_iter().map(|(e, a, c)| need(e, a, c)).collect();
            let chosen = within_reach(&needs, left_s);
            let sum_s: f64 = chosen.iter().map(|k| needs[*k].seconds()).sum();
            prop_assert!(chosen.len() == needs.len() || sum_s <= left_s);
            prop_assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
