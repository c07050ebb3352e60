//! Days of the calendar as people write them, in UTC.

const DAY_S: u64 = 86_400;

/// A span of whole days; what is absent does not restrict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// The first second, since 1970.
    pub since_unix_s: Option<u64>,
    /// The last second, since 1970.
    pub until_unix_s: Option<u64>,
}

impl Days {
    /// The days from one to another, each given by its last second.
    pub fn of_ends(first: Option<u64>, last: Option<u64>) -> Days {
        Days { since_unix_s: first.map(|end| end + 1 - DAY_S), until_unix_s: last }
    }

    /// Whether a moment lies in them.
    pub fn contains(&self, unix_s: u64) -> bool {
        self.since_unix_s.is_none_or(|since| unix_s >= since)
            && self.until_unix_s.is_none_or(|until| unix_s <= until)
    }
}

/// The last second, since 1970, of a day that is written `yyyy-mm-dd`; `None` where there is no such day.
pub fn end_of_day(text: &str) -> Option<u64> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return None };
    let number = |text: &str, digits: usize| {
        let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse::<u64>().ok()).flatten()
    };
    let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    if year < 1970 || !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    let years: u64 = (1970..year).map(|year| 365 + u64::from(is_leap(year))).sum();
    let months: u64 = (1..month).map(|month| days_of(year, month)).sum();
    Some((years + months + day) * DAY_S - 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_hold_their_first_and_their_last_second() {
        let end = end_of_day("2027-01-31");
        let days = Days::of_ends(end, end);
        let last = end.unwrap();
        assert!(days.contains(last) && days.contains(last + 1 - DAY_S));
        assert!(!days.contains(last + 1) && !days.contains(last - DAY_S));
        assert!(Days::default().contains(0));
    }

    #[test]
    fn known_days_end_at_their_known_second() {
        for (text, end) in [
            ("1970-01-01", 86_399),
            ("2000-02-29", 951_868_799),
            ("2026-11-24", 1_795_564_799),
            ("2100-02-28", 4_107_542_399),
            ("9999-12-31", 253_402_300_799),
        ] {
            assert_eq!(end_of_day(text), Some(end), "{text}");
        }
    }

    #[test]
    fn days_that_there_are_not_and_other_spellings_are_none() {
        for text in [
            "",
            "2026",
            "2026-02-29",
            "2100-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-04-31",
            "2026-1-1",
            "1969-12-31",
            "24.11.2026",
            "2026-11-24T00:00",
            "+026-11-24",
            "tomorrow",
            "20261-1-24",
        ] {
            assert_eq!(end_of_day(text), None, "{text}");
        }
    }
}
