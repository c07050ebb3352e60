//! Code addresses to names: functions from the symbol table, inlined ones from the line tables, demangled and without
//! hashes, so that both builds name the same thing alike.

use std::collections::HashMap;
use std::path::Path;

use addr2line::Loader;
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSymbol, SymbolKind};

/// Everything that was looked up so far, for one executable and its libraries.
#[derive(Default)]
pub(super) struct Symbols {
    files: HashMap<String, SymbolFile>,
    known: HashMap<(String, u64), Vec<String>>,
}

/// One file with code.
struct SymbolFile {
    /// What stands for a function of which no name is known.
    label: String,
    /// Whether it is a shared library, whose functions carry its name.
    shared: bool,
    loader: Option<Loader>,
    functions: Vec<Function>,
    segments: Vec<Segment>,
}

struct Function {
    address: u64,
    len: u64,
    name: String,
}

/// A loaded part of a file.
struct Segment {
    file_offset: u64,
    len: u64,
    address: u64,
}

impl Symbols {
    /// The address by which the file itself calls a place in it; `None` outside of its loaded parts.
    pub(super) fn address_in_file(&mut self, path: &str, file_offset: u64) -> Option<u64> {
        let segments = &self.file(path).segments;
        let holds = |segment: &&Segment| {
            file_offset.checked_sub(segment.file_offset).is_some_and(|inner| inner < segment.len)
        };
        segments.iter().find(holds).map(|segment| file_offset - segment.file_offset + segment.address)
    }

    /// The functions at an address of a file, the outermost first: one that has code of its own, and those inlined there.
    pub(super) fn frames(&mut self, path: &str, address: u64) -> Vec<String> {
        let key = (path.to_owned(), address);
        if let Some(frames) = self.known.get(&key) {
            return frames.clone();
        }
        let frames = self.file(path).frames(address);
        self.known.insert(key, frames.clone());
        frames
    }

    /// Mangled and demangled names of all functions in a file.
    pub(super) fn functions(&mut self, path: &str) -> impl Iterator<Item = (&str, String)> {
        let functions = self.file(path).functions.iter();
        functions.map(|function| (function.name.as_str(), demangle(&function.name)))
    }

    fn file(&mut self, path: &str) -> &mut SymbolFile {
        self.files.entry(path.to_owned()).or_insert_with(|| SymbolFile::open(path))
    }
}

/// A name for people, without the hash that tells builds apart.
pub(super) fn demangle(mangled: &str) -> String {
    // Copies of one function that the compiler specialised or split off.
    let plain = mangled.split(".llvm.").next().unwrap_or(mangled);
    format!("{:#}", rustc_demangle::demangle(plain))
}

impl SymbolFile {
    /// A file that cannot be read has no names, and its functions go by its own.
    fn open(path: &str) -> SymbolFile {
        let file_name = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
        let bare = path.trim_matches(['[', ']']);
        let label = format!("[{}]", file_name.as_deref().unwrap_or(bare).trim_matches(['[', ']']));
        let bytes = std::fs::read(path).unwrap_or_default();
        let (functions, segments) = match ElfFile64::<Endianness>::parse(&*bytes) {
            Ok(file) => (functions(&file), segments(&file)),
            Err(_) => (Vec::new(), Vec::new()),
        };
        let shared = label.contains(".so");
        let loader = if functions.is_empty() { None } else { Loader::new(path).ok() };
        SymbolFile { label, shared, loader, functions, segments }
    }

    fn frames(&self, address: u64) -> Vec<String> {
        let own =
            self.function_at(address).map_or_else(|| self.label.clone(), |function| demangle(&function.name));
        let own = if self.shared && own != self.label { format!("{own} {}", self.label) } else { own };
        let mut frames = self.inlined_at(address);
        // The outermost entry is the function itself, which the symbol table names more fully.
        frames.pop();
        frames.push(own);
        frames.reverse();
        frames
    }

    /// The functions at an address by the line tables, the innermost first.
    fn inlined_at(&self, address: u64) -> Vec<String> {
        let mut frames = Vec::new();
        let Some(Ok(mut found)) = self.loader.as_ref().map(|loader| loader.find_frames(address)) else {
            return frames;
        };
        while let Ok(Some(frame)) = found.next() {
            let name = frame.function.as_ref().and_then(|function| function.raw_name().ok());
            frames.push(name.map_or_else(|| self.label.clone(), |name| demangle(&name)));
        }
        frames
    }

    fn function_at(&self, address: u64) -> Option<&Function> {
        let after = self.functions.partition_point(|function| function.address <= address);
        let function = self.functions[..after].last()?;
        (address - function.address < function.len).then_some(function)
    }
}

fn functions(file: &ElfFile64<'_, Endianness>) -> Vec<Function> {
    let symbols = file.symbols().chain(file.dynamic_symbols());
    let of_code = symbols.filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0);
    let mut functions: Vec<Function> = of_code
        .filter_map(|symbol| {
            let name = symbol.name().ok()?.to_owned();
            Some(Function { address: symbol.address(), len: symbol.size(), name })
        })
        .collect();
    functions.sort_by(|one, other| (one.address, &one.name).cmp(&(other.address, &other.name)));
    functions.dedup_by_key(|function| function.address);
    functions
}

fn segments(file: &ElfFile64<'_, Endianness>) -> Vec<Segment> {
    let endian = file.endian();
    let Ok(headers) = file.elf_header().program_headers(endian, file.data()) else { return Vec::new() };
    let loaded = headers.iter().filter(|header| header.p_type(endian) == object::elf::PT_LOAD);
    loaded
        .map(|header| Segment {
            file_offset: header.p_offset(endian),
            len: header.p_filesz(endian),
            address: header.p_vaddr(endian),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn a_function_to_be_found() -> u64 {
        std::hint::black_box(17)
    }

    #[test]
    fn a_function_of_this_program_is_found_by_its_place_in_the_file() {
        let path = std::env::current_exe().unwrap().to_string_lossy().into_owned();
        let mut symbols = Symbols::default();
        let (_, own) =
            symbols.functions(&path).find(|(_, name)| name.ends_with("a_function_to_be_found")).unwrap();
        let function = symbols.files[&path].functions.iter().find(|f| demangle(&f.name) == own).unwrap();
        let address = function.address + a_function_to_be_found() / 17;
        let frames = symbols.frames(&path, address);
        assert_eq!(frames[0], "rqs_harness::profile::symbols::tests::a_function_to_be_found");
        let segment =
            &symbols.files[&path].segments.iter().find(|s| (s.address..s.address + s.len).contains(&address));
        let segment = segment.unwrap();
        let file_offset = address - segment.address + segment.file_offset;
        assert_eq!(symbols.address_in_file(&path, file_offset), Some(address));
        assert_eq!(symbols.address_in_file(&path, u64::MAX), None);
    }

    #[test]
    fn what_has_no_name_goes_by_its_file() {
        let mut symbols = Symbols::default();
        assert_eq!(symbols.frames("/no/such/lib.so.6", 5), ["[lib.so.6]"]);
        assert_eq!(symbols.frames("[vdso]", 5), ["[vdso]"]);
    }

    #[test]
    fn names_lose_hashes_and_marks_of_the_compiler() {
        assert_eq!(demangle("_ZN4core3fmt5write17h0123456789abcdefE"), "core::fmt::write");
        assert_eq!(demangle("_ZN4core3fmt5write17h0123456789abcdefE.llvm.123"), "core::fmt::write");
        assert_eq!(demangle("memcpy"), "memcpy");
    }
}
