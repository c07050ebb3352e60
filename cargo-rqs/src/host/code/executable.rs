//! What came out of a link: which functions stand where, and what shared libraries may call.

use std::collections::HashMap;
use std::path::Path;

use object::Endianness;
use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader, Sym};

use crate::model::failure::{OrFail, Outcome};

type Elf = FileHeader64<Endianness>;

/// An executable's symbols.
#[derive(Clone, Debug, Default)]
pub struct Executable {
    /// Begin, end and names of the functions, by their begin.
    functions: Vec<Function>,
    /// Symbols that shared libraries may refer to.
    exported: Vec<String>,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug)]
struct Function {
    begin: u64,
    end: u64,
    names: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    in_file: u64,
    address: u64,
    len: u64,
}

impl Executable {
    /// Reads the symbols of an executable.
    ///
    /// # Errors
    /// When the file cannot be read; one that is not understood has no symbols.
    pub fn read(path: &Path) -> Outcome<Executable> {
        let bytes = std::fs::read(path).or_fail(|| format!("cannot read `{}`", path.display()))?;
        Ok(parse(&bytes).unwrap_or_default())
    }

    /// Symbols that shared libraries may refer to.
    pub fn exported(&self) -> &[String] {
        &self.exported
    }

    /// The symbols of the function at a place in the file; none when there is no such function, or no symbols.
    pub fn names_at(&self, place: u64) -> &[String] {
        let within =
            |segment: &&Segment| place.checked_sub(segment.in_file).is_some_and(|inner| inner < segment.len);
        let Some(segment) = self.segments.iter().find(within) else { return &[] };
        let address = segment.address.wrapping_add(place - segment.in_file);
        let after = self.functions.partition_point(|function| function.begin <= address);
        let function = after.checked_sub(1).map(|last| &self.functions[last]);
        function.filter(|function| address < function.end).map_or(&[], |function| &function.names)
    }
}

fn parse(bytes: &[u8]) -> Option<Executable> {
    let header = Elf::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, bytes).ok()?;
    let mut functions: HashMap<u64, Function> = HashMap::new();
    let symbols = sections.symbols(endian, bytes, elf::SHT_SYMTAB).ok()?;
    for symbol in symbols.iter().filter(|symbol| symbol.st_type() == elf::STT_FUNC) {
        let (begin, size) = (symbol.st_value(endian), symbol.st_size(endian));
        if symbol.is_undefined(endian) || size == 0 {
            continue;
        }
        let name = String::from_utf8_lossy(symbols.symbol_name(endian, symbol).ok()?).into_owned();
        let function = functions.entry(begin).or_insert(Function { begin, end: begin, names: Vec::new() });
        function.end = function.end.max(begin.saturating_add(size));
        function.names.push(name);
    }
    let mut functions: Vec<Function> = functions.into_values().collect();
    functions.sort_by_key(|function| function.begin);
    let dynamic = sections.symbols(endian, bytes, elf::SHT_DYNSYM).ok()?;
    let mut exported = Vec::new();
    for symbol in dynamic.iter().filter(|symbol| !symbol.is_local() && !symbol.is_undefined(endian)) {
        exported.push(String::from_utf8_lossy(dynamic.symbol_name(endian, symbol).ok()?).into_owned());
    }
    exported.sort();
    let segments = header.program_headers(endian, bytes).ok()?;
    let loaded = segments.iter().filter(|segment| segment.p_type(endian) == elf::PT_LOAD);
    let segments = loaded.map(|segment| Segment {
        in_file: segment.p_offset(endian),
        address: segment.p_vaddr(endian),
        len: segment.p_filesz(endian),
    });
    Some(Executable { functions, exported, segments: segments.collect() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[inline(never)]
    fn a_function_to_be_found() -> u64 {
        std::hint::black_box(17)
    }

    #[test]
    fn a_function_of_this_program_is_found_by_its_place_in_the_file() {
        assert_eq!(a_function_to_be_found(), 17);
        let program = Executable::read(&std::env::current_exe().unwrap()).unwrap();
        let is_it =
            |function: &&Function| function.names.iter().any(|n| n.contains("a_function_to_be_found"));
        let function = program.functions.iter().find(is_it).unwrap();
        let holds =
            |segment: &&Segment| (segment.address..segment.address + segment.len).contains(&function.begin);
        let segment = program.segments.iter().find(holds).unwrap();
        let place = function.begin - segment.address + segment.in_file;
        assert_eq!(program.names_at(place), function.names);
        assert_eq!(program.names_at(u64::MAX), <[String; 0]>::default());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes);
            let head = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0";
            bytes.iter_mut().zip(head).for_each(|(byte, head)| *byte = *head);
            let _ = parse(&bytes);
        }
    }
}
