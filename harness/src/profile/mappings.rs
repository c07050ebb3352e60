//! Which files a process has mapped for execution, and where.

/// A part of a file in the memory of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// The process.
    pub(crate) pid: u32,
    /// Where it begins.
    pub(crate) address: u64,
    /// How long it is.
    pub(crate) len: u64,
    /// Where in the file it begins.
    pub(crate) file_offset: u64,
    /// The file, or a name in square brackets.
    pub(crate) path: String,
}

/// The executable mappings of a process; none when it is gone.
pub(crate) fn read_maps(pid: u32) -> Vec<Mapping> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    parse_maps(pid, &text)
}

/// The executable mappings in the text of `/proc/PID/maps`.
fn parse_maps(pid: u32, text: &str) -> Vec<Mapping> {
    text.lines().filter_map(|line| parse_maps_line(pid, line)).collect()
}

fn parse_maps_line(pid: u32, line: &str) -> Option<Mapping> {
    // 7f0c2a000000-7f0c2a021000 r-xp 00001000 08:01 1234    /usr/lib/libc.so.6
    let mut fields = line.splitn(6, ' ');
    let (begin, end) = fields.next()?.split_once('-')?;
    let hex = |text: &str| u64::from_str_radix(text, 16).ok();
    let (begin, end) = (hex(begin)?, hex(end)?);
    if !fields.next()?.contains('x') {
        return None;
    }
    let file_offset = hex(fields.next()?)?;
    let path = fields.nth(2)?.trim_start();
    let len = end.checked_sub(begin)?;
    (!path.is_empty()).then(|| Mapping { pid, address: begin, len, file_offset, path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn executable_mappings_are_read_from_maps() {
        let text = "5000-7000 r-xp 00001000 08:01 1234                       /a b/lib.so\n\
                    7000-8000 rw-p 00003000 08:01 1234                       /a b/lib.so\n\
                    9000-a000 r-xp 00000000 00:00 0                          [vdso]\n\
                    b000-c000 r-xp 00000000 00:00 0 \nnonsense\n";
        let mapping = |address, len, file_offset, path: &str| Mapping {
            pid: 3,
            address,
            len,
            file_offset,
            path: path.into(),
        };
        let expected = [mapping(0x5000, 0x2000, 0x1000, "/a b/lib.so"), mapping(0x9000, 0x1000, 0, "[vdso]")];
        assert_eq!(parse_maps(3, text), expected);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[0-9a-f]{0,20}-[0-9a-f]{0,20} \\PC{0,80}") {
            let _ = parse_maps(1, &text);
        }
    }
}
