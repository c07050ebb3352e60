//! The records by which the stack is unwound through each function.
//!
//! A function's record says where its landing pads are described and who reads that, so it is part of what the function
//! does when a panic passes through it. The linker puts the records of all functions together; here each one is tied to
//! the section of its function.

use std::ops::Range;

/// Records of one section of unwinding tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    /// The record of each function, in order.
    pub(super) functions: Vec<FunctionRecord>,
}

/// How one function is unwound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FunctionRecord {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// Those of the record that it shares with others.
    pub(super) common: Range<usize>,
}

impl FunctionRecord {
    /// Where the distance to the shared record stands.
    pub(super) const COMMON_AT: usize = 4;
    /// Where the function's address stands.
    pub(super) const FUNCTION_AT: usize = 8;
}

/// Splits a section of unwinding tables into records; `None` when it is not understood.
pub(super) fn parse(section: &[u8]) -> Option<Records> {
    let word = |at: usize| Some(u32::from_le_bytes(section.get(at..at.checked_add(4)?)?.try_into().ok()?));
    let (mut records, mut commons, mut at) = (Records::default(), Vec::new(), 0usize);
    while at < section.len() {
        let length = word(at)? as usize;
        // An end mark stands in the C library's last object; a length beyond 32 bits does not occur.
        if length == 0 {
            at += 4;
            continue;
        }
        let end = at.checked_add(4)?.checked_add(length)?;
        if length == u32::MAX as usize || length < 4 || end > section.len() {
            return None;
        }
        match word(at + 4)? as usize {
            0 => commons.push(at..end),
            distance => {
                let begin = (at + 4).checked_sub(distance)?;
                let common = commons.iter().find(|common: &&Range<usize>| common.start == begin)?.clone();
                if length < 12 {
                    return None;
                }
                records.functions.push(FunctionRecord { range: at..end, common });
            }
        }
        at = end;
    }
    Some(records)
}

/// A record without its length and without what fills it up to whole words: instructions that do nothing, which are zeroes.
/// How many there are depends on what stands behind it.
pub(super) fn without_padding(record: &[u8]) -> Vec<u8> {
    let mut content = record.to_vec();
    content.iter_mut().take(FunctionRecord::COMMON_AT).for_each(|byte| *byte = 0);
    let len = content.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    content.truncate(len);
    content
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(id: u32, payload: usize) -> Vec<u8> {
        let mut bytes = (4 + payload as u32).to_le_bytes().to_vec();
        bytes.extend(id.to_le_bytes());
        bytes.extend(vec![7; payload]);
        bytes
    }

    #[test]
    fn each_function_has_its_record_and_the_one_that_it_shares() {
        let section = [record(0, 12), record(24, 16), record(48, 16)].concat();
        let records = parse(&section).unwrap();
        let ranges: Vec<_> = records.functions.iter().map(|r| (r.range.clone(), r.common.clone())).collect();
        assert_eq!(ranges, [(20..44, 0..20), (44..68, 0..20)]);
        assert_eq!(parse(&[]), Some(Records::default()));
    }

    #[test]
    fn what_is_not_understood_is_no_table() {
        assert_eq!(parse(&[1, 0, 0]), None, "cut off");
        assert_eq!(parse(&record(17, 16)), None, "it shares a record that is not there");
        assert_eq!(parse(&[0xff; 12]), None, "longer than 32 bits can say");
        assert_eq!(parse(&[record(0, 12), record(24, 2)].concat()), None, "no function");
    }

    #[test]
    fn what_fills_a_record_up_does_not_count() {
        let (short, long) = ([12, 0, 0, 0, 9, 9, 9, 9, 7, 0], [16, 0, 0, 0, 9, 9, 9, 9, 7, 0, 0, 0, 0, 0]);
        assert_eq!(without_padding(&short), without_padding(&long));
        assert_eq!(without_padding(&short), [0, 0, 0, 0, 9, 9, 9, 9, 7]);
        assert_eq!(without_padding(&[0; 3]), [0; 0]);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }
    }
}
