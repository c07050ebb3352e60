//! A set of processor cores, in the kernel's two spellings: lists (`0-3,8`) and masks (`10f`).

use std::collections::BTreeSet;
use std::fmt;

/// Core numbers above this are taken for damage: the kernel's own limit is lower.
const MOST_CORES: u32 = 1 << 16;

/// Some cores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cores(BTreeSet<u32>);

impl Cores {
    /// Reads a list as the kernel writes it, `0-3,8`; an empty text is the empty set. `None` when it is no list.
    pub fn parse(list: &str) -> Option<Cores> {
        let mut cores = BTreeSet::new();
        for part in list.trim().split([',', ' ']).map(str::trim).filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
            if first > last || last >= MOST_CORES {
                return None;
            }
            cores.extend(first..=last);
        }
        Some(Cores(cores))
    }

    /// The set as a mask in hexadecimal, in groups of 32 bits as `/proc/irq/default_smp_affinity` takes it.
    pub fn mask(&self) -> String {
        let words = self.0.last().map_or(1, |last| last / 32 + 1);
        let word = |index: u32| {
            self.0.iter().filter(|core| *core / 32 == index).fold(0u32, |bits, core| bits | 1 << (core % 32))
        };
        (0..words).rev().map(|index| format!("{:08x}", word(index))).collect::<Vec<_>>().join(",")
    }

    /// Reads a mask in hexadecimal; `None` when it is none.
    pub fn parse_mask(mask: &str) -> Option<Cores> {
        let digits: String = mask.trim().chars().filter(|c| *c != ',').collect();
        if digits.is_empty() || digits.len() > MOST_CORES as usize / 4 {
            return None;
        }
        let mut cores = BTreeSet::new();
        for (place, digit) in digits.chars().rev().enumerate() {
            let digit = digit.to_digit(16)?;
            cores.extend((0..4).filter(|bit| digit >> bit & 1 == 1).map(|bit| place as u32 * 4 + bit));
        }
        Some(Cores(cores))
    }

    /// Whether a core is among them.
    pub fn contains(&self, core: u32) -> bool {
        self.0.contains(&core)
    }

    /// Whether any core of another set is among them.
    pub fn meets(&self, other: &Cores) -> bool {
        !self.0.is_disjoint(&other.0)
    }

    /// Whether every core of another set is among them.
    pub fn covers(&self, other: &Cores) -> bool {
        other.0.is_subset(&self.0)
    }

    /// These cores without those of another set.
    pub fn without(&self, other: &Cores) -> Cores {
        Cores(self.0.difference(&other.0).copied().collect())
    }

    /// These cores and those of another set.
    pub fn with(&self, other: &Cores) -> Cores {
        Cores(self.0.union(&other.0).copied().collect())
    }

    /// In ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter().copied()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<u32> for Cores {
    fn from_iter<I: IntoIterator<Item = u32>>(cores: I) -> Cores {
        Cores(cores.into_iter().collect())
    }
}

/// The kernel's list.
impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.iter().copied().peekable();
        let mut separator = "";
        while let Some(first) = rest.next() {
            let mut last = first;
            while let Some(next) = rest.next_if(|next| *next == last + 1) {
                last = next;
            }
            match last - first {
                0 => write!(f, "{separator}{first}")?,
                _ => write!(f, "{separator}{first}-{last}")?,
            }
            separator = ",";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_and_masks_are_read_as_the_kernel_writes_them() {
        let read = |list: &str| Cores::parse(list).map(|cores| cores.iter().collect::<Vec<_>>());
        assert_eq!(read("0-2,8\n"), Some(vec![0, 1, 2, 8]));
        assert_eq!(read("0 1 4"), Some(vec![0, 1, 4]));
        assert_eq!(read("\n"), Some(vec![]));
        assert_eq!((read("2-1"), read("a"), read("0-4000000000")), (None, None, None));
        let mask = |mask: &str| Cores::parse_mask(mask).map(|cores| cores.to_string());
        assert_eq!(mask("00000003\n"), Some("0-1".to_owned()));
        assert_eq!(mask("1,80000000\n"), Some("31-32".to_owned()));
        assert_eq!((mask(""), mask("x")), (None, None));
    }

    proptest! {
        #[test]
        fn both_spellings_come_back_as_they_were(cores in proptest::collection::btree_set(0u32..300, 1..40)) {
            let cores: Cores = cores.into_iter().collect();
            prop_assert_eq!(Cores::parse(&cores.to_string()), Some(cores.clone()));
            prop_assert_eq!(Cores::parse_mask(&cores.mask()), Some(cores));
        }
    }
}
