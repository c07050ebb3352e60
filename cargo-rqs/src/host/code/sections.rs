//! What single sections hold: their bytes, the elements of pools, the symbols in them, and how functions are unwound.

use std::collections::HashMap;

use object::elf;
use object::read::SectionIndex;
use object::read::elf::{Rela, SectionHeader, Sym};

use super::objects::Object;
use super::unwinding::{self, FunctionRecord};
use crate::analysis::code::{Shape, UNWINDING};

/// Flags that only say how a section is stored, grouped or kept.
const FLAGS_OF_STORAGE: u64 =
    elf::SHF_INFO_LINK.0 | elf::SHF_LINK_ORDER.0 | elf::SHF_GROUP.0 | elf::SHF_GNU_RETAIN.0;

/// The unwinding records of each section of code, with the section that they stand in.
pub(super) type RecordsBySection = HashMap<usize, Vec<(usize, FunctionRecord)>>;

/// Shape and bytes of a section; `None` when it cannot be read.
pub(super) fn content<'d>(object: &Object<'d>, index: SectionIndex) -> Option<(Shape, &'d [u8])> {
    let header = object.sections.section(index).ok()?;
    let endian = object.endian;
    let flags = header.sh_flags(endian).0;
    // The linker makes these read-only once the program is loaded.
    let sealed = object.section_name(index).starts_with(".data.rel.ro");
    let shape = Shape {
        kind: header.sh_type(endian).0,
        flags: flags & !FLAGS_OF_STORAGE,
        alignment: header.sh_addralign(endian),
        element: header.sh_entsize(endian),
        size: header.sh_size(endian),
        executable: flags & elf::SHF_EXECINSTR.0 != 0,
        writable: flags & elf::SHF_WRITE.0 != 0 && !sealed,
    };
    if flags & elf::SHF_COMPRESSED.0 != 0 {
        return None;
    }
    Some((shape, header.data(endian, object.data).ok()?))
}

/// The element of a pool that a place lies in, and how far.
pub(super) fn element<'d>(shape: &Shape, content: &'d [u8], place: u64) -> Option<(&'d [u8], u64)> {
    let (place, size) = (usize::try_from(place).ok()?, usize::try_from(shape.element).ok()?);
    if place >= content.len() || size == 0 || !content.len().is_multiple_of(size) {
        return None;
    }
    let begin = place - place % size;
    if shape.flags & elf::SHF_STRINGS.0 == 0 {
        return Some((&content[begin..begin + size], (place - begin) as u64));
    }
    // Texts end with a zero, of the size of their characters.
    let is_end = |at: usize| content[at..at + size].iter().all(|byte| *byte == 0);
    let start = (0..begin).step_by(size).rev().find(|at| is_end(*at)).map_or(0, |at| at + size);
    let end = (begin..content.len()).step_by(size).find(|at| is_end(*at))? + size;
    Some((&content[start..end], (place - start) as u64))
}

/// The symbols of functions and data in each section of an object, in the order of their places.
pub(super) fn names(object: &Object<'_>) -> HashMap<usize, Vec<String>> {
    let mut found: HashMap<usize, Vec<(u64, String)>> = HashMap::new();
    for (index, symbol) in object.symbols.enumerate() {
        let named = matches!(symbol.st_type(), elf::STT_FUNC | elf::STT_OBJECT | elf::STT_GNU_IFUNC);
        if !named && symbol.is_local() {
            continue;
        }
        if let Ok(Some(section)) = object.symbols.symbol_section(object.endian, symbol, index)
            && let Ok(name) = object.symbols.symbol_name(object.endian, symbol)
        {
            let name = String::from_utf8_lossy(name).into_owned();
            found.entry(section.0).or_default().push((symbol.st_value(object.endian), name));
        }
    }
    let in_order = |mut names: Vec<(u64, String)>| {
        names.sort();
        names.into_iter().map(|(_, name)| name).collect()
    };
    found.into_iter().map(|(section, names)| (section, in_order(names))).collect()
}

/// The unwinding records of each section of code in an object.
///
/// # Errors
/// What is not understood of its tables.
pub(super) fn records(object: &Object<'_>) -> Result<RecordsBySection, String> {
    let mut found = RecordsBySection::new();
    for (index, _) in object.sections.enumerate() {
        if object.section_name(index) != UNWINDING {
            continue;
        }
        let parsed = content(object, index).and_then(|(_, all)| unwinding::parse(all));
        let (Some(parsed), Some(entries)) = (parsed, object.relocations(index)) else {
            return Err(format!("the unwinding tables of `{}` are not understood", object.name));
        };
        let at: HashMap<u64, _> = entries.iter().map(|rela| (rela.r_offset(object.endian), *rela)).collect();
        for record in parsed.functions {
            let place = (record.range.start + FunctionRecord::FUNCTION_AT) as u64;
            let section = at.get(&place).and_then(|rela| {
                let index = rela.symbol(object.endian, false)?;
                let symbol = object.symbols.symbol(index).ok()?;
                object.symbols.symbol_section(object.endian, symbol, index).ok()?
            });
            let Some(section) = section else {
                return Err(format!("an unwinding record of `{}` belongs to no function", object.name));
            };
            found.entry(section.0).or_default().push((index.0, record));
        }
    }
    Ok(found)
}
