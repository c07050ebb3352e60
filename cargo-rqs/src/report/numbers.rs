//! Numbers for people: times with a unit, changes in percent, dates, counts.

use crate::analysis::confidence::Interval;

/// Up to this half width (in log space) an interval is shown as `±`, beyond it by its two ends, which then lie
/// visibly askew.
const WIDEST_SYMMETRIC: f64 = 0.05;

/// A time per iteration with four significant digits, for example `12.34 µs`.
pub fn time(ns: f64) -> String {
    const UNITS: [(&str, f64); 4] = [("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];
    // 999.96 ns has to become 1.000 µs, so the unit is chosen after rounding.
    let fits = |unit: f64| ns / unit < 999.95;
    let (name, unit) = UNITS.into_iter().find(|(_, unit)| fits(*unit)).unwrap_or(UNITS[3]);
    let value = ns / unit;
    let decimals = match value {
        v if v < 0.99995 => 4,
        v if v < 9.9995 => 3,
        v if v < 99.995 => 2,
        v if v < 999.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {name}")
}

/// A change in percent with its sign, for example `+2.31%`.
pub fn change(fraction: f64) -> String {
    let percent = fraction * 100.0;
    let decimals = if percent.abs() < 100.0 { 2 } else { 0 };
    let shown = format!("{percent:+.decimals$}%");
    if shown.trim_start_matches(['+', '-']) == "0.00%" { "0.00%".into() } else { shown }
}

/// A size in percent without a sign, with as few decimals as it needs and at most two, for example `1.5%`.
pub fn percent(fraction: f64) -> String {
    let percent = fraction * 100.0;
    let text = if percent < 100.0 { format!("{percent:.2}") } else { format!("{percent:.0}") };
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{short}%")
}

/// A change with its interval: `+2.31% ± 0.40%`, when it is wide `+2.31% (-12.00% to +19.50%)`, and `+2.31% ± ?`
/// when nothing is known of it. The `±` is the distance to the end that is nearer to no change.
pub fn change_with_interval(interval: &Interval) -> String {
    let centre = change(interval.change());
    if !interval.half_width.is_finite() {
        return format!("{centre} ± ?");
    }
    if interval.half_width > WIDEST_SYMMETRIC {
        return format!(
            "{centre} ({} to {})",
            change(interval.lowest_change()),
            change(interval.highest_change())
        );
    }
    let end = if interval.mean < 0.0 { interval.highest_change() } else { interval.lowest_change() };
    let distance = (end - interval.change()).abs() * 100.0;
    // An interval is never shown narrower than it can be told apart from none.
    let shown = if distance > 0.0 { distance.max(0.01) } else { 0.0 };
    format!("{centre} ± {shown:.2}%")
}

/// A count with its noun: `1 epoch`, `12 epochs`.
pub fn count(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// Digits in groups of three: `12,345`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A span of seconds: `8 s`, `2 min 14 s`, `3 h 05 min`.
pub fn duration(seconds: u64) -> String {
    match seconds {
        s if s < 60 => format!("{s} s"),
        s if s < 3600 => format!("{} min {:02} s", s / 60, s % 60),
        s => format!("{} h {:02} min", s / 3600, s / 60 % 60),
    }
}

/// A moment in UTC to the minute: `2026-11-22 10:15 UTC`.
pub fn date_time(unix_s: u64) -> String {
    let (year, month, day) = civil_date(unix_s / 86_400);
    let minute = unix_s / 60;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minute / 60 % 24, minute % 60)
}

/// A day in UTC: `2026-11-22`.
pub fn date(unix_s: u64) -> String {
    let (year, month, day) = civil_date(unix_s / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of the Gregorian calendar, counted in eras of 400 years that begin on the first of March,
/// so that the leap day is the last of its year.
fn civil_date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_four_digits_and_the_unit_that_fits() {
        for (ns, shown) in [
            (0.25142, "0.2514 ns"),
            (1.0, "1.000 ns"),
            (9.9996, "10.00 ns"),
            (12.345, "12.35 ns"),
            (999.94, "999.9 ns"),
            (999.96, "1.000 µs"),
            (12_345.6, "12.35 µs"),
            (999_960.0, "1.000 ms"),
            (1.5e9, "1.500 s"),
            (12_345.0e9, "12345 s"),
        ] {
            assert_eq!(time(ns), shown, "{ns}");
        }
    }

    #[test]
    fn changes_carry_their_sign_but_no_change_has_none() {
        for (fraction, shown) in [
            (0.0231, "+2.31%"),
            (-0.5, "-50.00%"),
            (0.00004, "0.00%"),
            (-0.00004, "0.00%"),
            (1.5, "+150%"),
            (41.0, "+4100%"),
        ] {
            assert_eq!(change(fraction), shown, "{fraction}");
        }
        assert_eq!(
            [percent(0.01), percent(0.005), percent(0.1234567), percent(2.0)],
            ["1%", "0.5%", "12.35%", "200%"]
        );
    }

    #[test]
    fn an_interval_is_shown_as_wide_as_it_is() {
        let with =
            |mean: f64, half_width: f64| change_with_interval(&Interval { mean, sd: 0.0, half_width, n: 9 });
        assert_eq!(with(0.0228, 0.004), "+2.31% ± 0.41%");
        assert_eq!(with(-0.0228, 0.004), "-2.25% ± 0.39%");
        assert_eq!(with(0.0, 0.00001), "0.00% ± 0.01%");
        assert_eq!(with(0.0, 0.0), "0.00% ± 0.00%");
        assert_eq!(with(0.1, 0.3), "+10.52% (-18.13% to +49.18%)");
        assert_eq!(with(0.02, f64::INFINITY), "+2.02% ± ?");
    }

    #[test]
    fn an_interval_that_excludes_no_change_is_shown_to_do_so() {
        for half_width in [0.001, 0.01, 0.049] {
            for mean in [half_width * 1.001, -half_width * 1.001] {
                let shown = change_with_interval(&Interval { mean, sd: 0.0, half_width, n: 9 });
                let (centre, width) = shown.split_once(" ± ").unwrap();
                let number = |text: &str| text.trim_end_matches('%').parse::<f64>().unwrap();
                assert!(number(centre).abs() >= number(width), "{shown}");
            }
        }
    }

    #[test]
    fn dates_follow_the_calendar() {
        assert_eq!(date_time(0), "1970-01-01 00:00 UTC");
        assert_eq!(date_time(951_782_399), "2000-02-28 23:59 UTC");
        assert_eq!(date_time(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(date_time(1_795_342_500), "2026-11-22 10:15 UTC");
        assert_eq!([date(1_795_342_500), date(253_402_300_799)], ["2026-11-22", "9999-12-31"]);
        assert_eq!(date_time(4_107_542_400), "2100-03-01 00:00 UTC");
    }

    #[test]
    fn counts_and_spans_read_well() {
        assert_eq!([count(1, "epoch"), count(12_345, "block")], ["1 epoch", "12,345 blocks"]);
        assert_eq!(
            [grouped(0), grouped(999), grouped(1000), grouped(1_234_567)],
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!([duration(8), duration(134), duration(11_100)], ["8 s", "2 min 14 s", "3 h 05 min"]);
    }
}
