//! The name of a run: when it started and a random tail, sortable by time and safe as a file name.

/// `yyyymmddThhmmssZ-xxxxxxxx`: the start in UTC, from milliseconds since 1970, and eight hexadecimal digits: the
/// milliseconds of the second, so that later runs have larger names, and 20 random bits, so that two machines that
/// start at once still get different names.
pub fn run_id(started_unix_ms: u64, random: u32) -> String {
    let (started_unix_s, millisecond) = (started_unix_ms / 1000, started_unix_ms % 1000);
    let tail = (millisecond as u32) << 20 | random & 0xf_ffff;
    let (year, month, day) = civil_date(started_unix_s / 86_400);
    let second = started_unix_s % 86_400;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z-{tail:08x}")
}

/// Whether a text has the form of a run id; only such a text may become part of a path.
pub fn is_run_id(text: &str) -> bool {
    const FORM: &[u8] = b"ddddddddTddddddZ-xxxxxxxx";
    text.len() == FORM.len()
        && text.bytes().zip(FORM).all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            literal => byte == *literal,
        })
}

/// Year, month and day of the Gregorian calendar for a number of days since 1970-01-01: count from 0000-03-01, so
/// that the leap day is the last of its year, and take whole 400-year, then whole single years off.
fn civil_date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_get_their_known_names() {
        assert_eq!(run_id(0, 0), "19700101T000000Z-00000000");
        assert_eq!(run_id(951_782_399_000, 1), "20000228T235959Z-00000001");
        assert_eq!(run_id(951_782_400_000, 0xdead_beef), "20000229T000000Z-000dbeef");
        assert_eq!(run_id(1_795_370_096_000, 0xab), "20261122T175456Z-000000ab");
        assert_eq!(run_id(4_107_542_399_000, 0), "21000228T235959Z-00000000");
        assert_eq!(run_id(4_107_542_400_000, 0), "21000301T000000Z-00000000");
        assert_eq!(run_id(1_795_370_096_999, 0xab), "20261122T175456Z-3e7000ab");
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_day_before() {
        let leap =
            |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..146_097 {
            assert_eq!(civil_date(days), (year, month, day));
            let length =
                [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
            (day, month) = if day < length { (day + 1, month) } else { (1, month + 1) };
            (month, year) = if month <= 12 { (month, year) } else { (1, year + 1) };
        }
    }

    #[test]
    fn only_the_exact_form_is_a_run_id() {
        assert!(is_run_id(&run_id(1_795_370_096_000, 0xab)));
        for text in [
            "",
            "latest",
            "20261122T175456Z",
            "20261122T175456Z-000000AB",
            "../20261122T175456Z-0000",
            "2026/122T175456Z-000000ab",
        ] {
            assert!(!is_run_id(text), "{text}");
        }
    }
}
