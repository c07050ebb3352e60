//! Reads what callgrind wrote: the sums at the end of a profile (callgrind's manual, "Callgrind format specification").

use crate::contract::CountedEvent;

/// The name of an event in callgrind's files.
fn name(event: CountedEvent) -> &'static str {
    match event {
        CountedEvent::Instructions => "Ir",
        CountedEvent::DataReads => "Dr",
        CountedEvent::DataWrites => "Dw",
        CountedEvent::Branches => "Bc",
    }
}

/// The sums of a profile in the order of [`CountedEvent::ALL`].
///
/// # Errors
/// What is missing or malformed, in words. Nothing panics, whatever the text holds.
pub fn totals(text: &str) -> Result<[u64; 4], String> {
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
    let events: Vec<&str> = value("events:").ok_or("it names no events")?.split_ascii_whitespace().collect();
    // Callgrind writes `summary:` in front and `totals:` behind; trailing zeros are left out of both.
    let sums = value("totals:").ok_or("it has no totals, so it may have been cut off")?;
    let sums: Vec<u64> = sums
        .split_ascii_whitespace()
        .map(|sum| sum.parse().map_err(|_| format!("`{}` is no count", sum.escape_debug())))
        .collect::<Result<_, _>>()?;
    if sums.len() > events.len() {
        return Err(format!("it has {} sums for {} events", sums.len(), events.len()));
    }
    let mut counts = [0; 4];
    for (count, event) in counts.iter_mut().zip(CountedEvent::ALL) {
        let position = events.iter().position(|present| *present == name(event));
        let position = position.ok_or_else(|| format!("it does not count `{}`", name(event)))?;
        *count = sums.get(position).copied().unwrap_or(0);
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DUMP: &str = "# callgrind format\nversion: 1\ncreator: callgrind-3.19.0\npid: 1\ncmd:  x\npart: 1\n\n\
        desc: Trigger: Client Request\n\npositions: line\nevents: Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw Bc Bcm Bi Bim\n\
        summary: 55 5 5 3 0 0 3 0 0 1\n\n\nfn=(1) x\n0 55 5 5 3 0 0 3 0 0 1\n\ntotals: 55 5 6 3 0 0 3 0 0 1\n";

    #[test]
    fn sums_are_found_by_the_names_of_their_events() {
        assert_eq!(totals(DUMP), Ok([55, 5, 6, 1]));
        assert_eq!(totals("events: Bc Dw Dr Ir\ntotals: 4 3 2 1"), Ok([1, 2, 3, 4]));
        assert_eq!(totals("events: Ir Dr Dw Bc\ntotals: 7"), Ok([7, 0, 0, 0]));
        assert_eq!(totals("events: Ir Dr Dw Bc\ntotals:"), Ok([0; 4]));
    }

    #[test]
    fn what_is_missing_is_said() {
        assert!(totals("").unwrap_err().contains("no events"));
        assert!(totals(&DUMP[..DUMP.len() - 40]).unwrap_err().contains("cut off"));
        assert!(totals("events: Ir Dr Dw\ntotals: 1").unwrap_err().contains("`Bc`"));
        assert!(totals("events: Ir Dr Dw Bc\ntotals: 1 2 3 4 5").unwrap_err().contains("5 sums"));
        assert!(totals("events: Ir Dr Dw Bc\ntotals: -1").unwrap_err().contains("`-1`"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(\\PC|\n|events: |totals: |Ir |Dr |Dw |Bc |[0-9]{1,22} ){0,60}") {
            let _ = totals(&text);
        }
    }
}
