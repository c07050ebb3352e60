//! Reads what callgrind dumps, in the one layout that it is asked for: addresses and instructions, no compression, and
//! function names that hold the names of their callers (`function'caller'callers_caller`).

/// One dump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dump {
    /// What made callgrind dump.
    pub(super) trigger: String,
    /// What the instructions cost, without those of called functions.
    pub(super) costs: Vec<Cost>,
}

/// One instruction of a function, in one path of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    /// The mangled name of the function, then those of its callers, with `'` between.
    pub(super) context: String,
    /// The file with the code.
    pub(super) object: String,
    /// Its address, as the file itself calls it.
    pub(super) address: u64,
    /// How often it was executed.
    pub(super) instructions: u64,
}

impl Dump {
    /// Reads a dump; lines that say something else are passed over.
    pub(super) fn parse(text: &str) -> Dump {
        let mut dump = Dump::default();
        let (mut object, mut context) = ("", "");
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(trigger) = line.strip_prefix("desc: Trigger:") {
                dump.trigger = trigger.trim().to_owned();
            } else if let Some(path) = line.strip_prefix("ob=") {
                object = path;
            } else if let Some(name) = line.strip_prefix("fn=") {
                context = name;
            } else if line.starts_with("calls=") {
                // The next line holds what the call cost, which stands with the called function too.
                lines.next();
            } else if let Some((address, instructions)) = cost(line) {
                let (object, context) = (object.to_owned(), context.to_owned());
                dump.costs.push(Cost { context, object, address, instructions });
            }
        }
        dump
    }
}

/// `0x401000 12`.
fn cost(line: &str) -> Option<(u64, u64)> {
    let (address, instructions) = line.strip_prefix("0x")?.split_once(' ')?;
    Some((u64::from_str_radix(address, 16).ok()?, instructions.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn costs_are_read_with_their_path_of_calls_and_calls_are_not_counted_twice() {
        let text = "# callgrind format\nversion: 1\npart: 3\n\ndesc: Trigger: --dump-after=iter\npositions: instr\nevents: Ir\n\
                    ob=/bin/bench\nfl=???\nfn=leaf'iter'main\n0x401000 5\n0x401004 7\ncfn=memcpy'leaf'iter'main\n\
                    calls=2 0x5000\n0x401008 20\n\nob=/lib/libc.so.6\nfn=memcpy'leaf'iter'main\n0x5000 20\ntotals: 32\n";
        let dump = Dump::parse(text);
        assert_eq!(dump.trigger, "--dump-after=iter");
        let costs: Vec<_> = dump
            .costs
            .iter()
            .map(|cost| (&*cost.context, &*cost.object, cost.address, cost.instructions))
            .collect();
        let leaf = "leaf'iter'main";
        let expected = [
            (leaf, "/bin/bench", 0x401000, 5),
            (leaf, "/bin/bench", 0x401004, 7),
            ("memcpy'leaf'iter'main", "/lib/libc.so.6", 0x5000, 20),
        ];
        assert_eq!(costs, expected);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "(fn=|ob=|calls=|0x[0-9a-f]{0,20} |[0-9]{0,30}|\\PC|\n){0,60}") {
            let _ = Dump::parse(&text);
        }
    }
}
