//! A small cache that forgets what was not used for longest.

/// Up to `capacity` entries, the most recently used last. Looking through all of them is fastest while they are few.
#[derive(Debug)]
pub struct Recent<K, V> {
    entries: Vec<(K, V)>,
    capacity: usize,
}

impl<K: PartialEq, V> Recent<K, V> {
    /// An empty cache; `capacity` 0 counts as 1.
    pub fn new(capacity: usize) -> Self {
        Recent { entries: Vec::with_capacity(capacity), capacity: capacity.max(1) }
    }

    /// The value of a key, which becomes the most recently used.
    pub fn get(&mut self, key: &K) -> Option<&V> {
        let place = self.entries.iter().rposition(|(known, _)| known == key)?;
        self.entries[place..].rotate_left(1);
        self.entries.last().map(|(_, value)| value)
    }

    /// Puts a value in, in place of the entry that was not used for longest when there is no room.
    pub fn insert(&mut self, key: K, value: V) {
        self.entries.retain(|(known, _)| *known != key);
        if self.entries.len() == self.capacity {
            self.entries.remove(0);
        }
        self.entries.push((key, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_is_forgotten() {
        let mut recent = Recent::new(2);
        recent.insert("a", 1);
        recent.insert("b", 2);
        assert_eq!(recent.get(&"a"), Some(&1));
        recent.insert("c", 3);
        assert_eq!(recent.get(&"b"), None);
        assert_eq!(recent.get(&"a"), Some(&1));
    }
}
