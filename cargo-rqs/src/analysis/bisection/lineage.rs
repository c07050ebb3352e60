//! Which commits contain which: what decides on which side of the change a commit lies.

/// The candidates of a bisection and which of them each one contains, itself included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// One set of bits for each commit.
    contained: Vec<Vec<u64>>,
}

impl Lineage {
    /// From the candidates' parents among the candidates, given as their numbers; a parent has a smaller number than
    /// its child.
    pub fn of(parents: &[Vec<usize>]) -> Lineage {
        let words = parents.len().div_ceil(64);
        let mut contained: Vec<Vec<u64>> = Vec::with_capacity(parents.len());
        for (commit, parents) in parents.iter().enumerate() {
            let mut own = vec![0u64; words];
            for parent in parents.iter().filter(|parent| **parent < commit) {
                own.iter_mut().zip(&contained[*parent]).for_each(|(own, theirs)| *own |= theirs);
            }
            own[commit / 64] |= 1 << (commit % 64);
            contained.push(own);
        }
        Lineage { contained }
    }

    /// How many candidates there are.
    pub fn len(&self) -> usize {
        self.contained.len()
    }

    /// Whether `commit` contains `other`: it is that commit, or comes after it.
    pub fn contains(&self, commit: usize, other: usize) -> bool {
        self.contained[commit][other / 64] >> (other % 64) & 1 == 1
    }

    /// How many candidates a commit contains, itself included.
    pub fn size(&self, commit: usize) -> usize {
        self.contained[commit].iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The candidates in blocks that no measuring of the `usable` commits can tell apart, each in the order of the
    /// candidates: two candidates are in one block when every usable commit contains both or neither.
    pub fn blocks(&self, usable: &[usize]) -> Vec<Vec<usize>> {
        let mut block_of = vec![0usize; self.len()];
        let mut blocks = 1;
        for &commit in usable {
            // Each block falls into the part that is contained and the part that is not.
            let mut renamed: Vec<[Option<usize>; 2]> = vec![[None; 2]; blocks];
            blocks = 0;
            for (candidate, block) in block_of.iter_mut().enumerate() {
                let part = usize::from(self.contains(commit, candidate));
                *block = *renamed[*block][part].get_or_insert_with(|| {
                    blocks += 1;
                    blocks - 1
                });
            }
        }
        let mut members = vec![Vec::new(); blocks];
        block_of.iter().enumerate().for_each(|(candidate, block)| members[*block].push(candidate));
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 - 1 - 3 - 4, with 2 beside 1, merged in 3.
    fn forked() -> Lineage {
        Lineage::of(&[vec![], vec![0], vec![0], vec![1, 2], vec![3]])
    }

    #[test]
    fn a_merge_contains_both_sides_and_the_sides_do_not_contain_each_other() {
        let lineage = forked();
        assert_eq!([0, 1, 2, 3, 4].map(|commit| lineage.size(commit)), [1, 2, 2, 4, 5]);
        assert!(lineage.contains(3, 1) && lineage.contains(3, 2));
        assert!(!lineage.contains(2, 1) && !lineage.contains(1, 2) && !lineage.contains(3, 4));
    }

    #[test]
    fn commits_that_cannot_be_measured_stay_with_their_neighbours() {
        let lineage = forked();
        assert_eq!(lineage.blocks(&[0, 1, 2, 3, 4]).len(), 5);
        assert_eq!(lineage.blocks(&[0, 1, 4]), [vec![0], vec![1], vec![2, 3, 4]]);
        assert_eq!(lineage.blocks(&[]), [vec![0, 1, 2, 3, 4]]);
    }

    #[test]
    fn long_histories_need_more_than_one_word_of_bits() {
        let parents: Vec<Vec<usize>> =
            (0..200).map(|commit: usize| commit.checked_sub(1).into_iter().collect()).collect();
        let lineage = Lineage::of(&parents);
        assert!(lineage.contains(199, 0) && lineage.contains(130, 129) && !lineage.contains(129, 130));
        assert_eq!(lineage.size(150), 151);
    }
}
