//! Objects, members of archives included, and which definition a symbol has among them.

use std::collections::HashMap;

use object::elf::{self, FileHeader64};
use object::read::archive::ArchiveFile;
use object::read::elf::{FileHeader, Rela, SectionHeader, SectionTable, Sym, SymbolTable};
use object::read::{SectionIndex, SymbolIndex};
use object::{Endianness, FileKind};
use sha2::{Digest, Sha256};

use crate::model::fingerprint;

type Elf = FileHeader64<Endianness>;

/// One relocatable object.
pub(super) struct Object<'d> {
    /// Its file and, in an archive, its name there.
    pub(super) name: String,
    /// Whether the linker takes it only when it needs it.
    pub(super) in_archive: bool,
    /// The byte order.
    pub(super) endian: Endianness,
    /// The bytes.
    pub(super) data: &'d [u8],
    /// The sections.
    pub(super) sections: SectionTable<'d, Elf>,
    /// The symbols.
    pub(super) symbols: SymbolTable<'d, Elf>,
    /// Sections with the relocations of each section.
    relocations: HashMap<usize, Vec<usize>>,
}

/// Place of a symbol: number of its object and of itself.
pub(super) type Place = (usize, SymbolIndex);

/// The objects of one link.
pub(super) struct Objects<'d> {
    /// In the order of the link.
    pub(super) objects: Vec<Object<'d>>,
    /// Shared libraries among the inputs, by name and content.
    pub(super) shared: Vec<String>,
    definitions: HashMap<&'d [u8], Vec<Place>>,
}

/// What a name stands for.
pub(super) enum Meaning {
    /// This definition.
    Defined(Place),
    /// Something in a shared library or of the linker's own.
    Outside,
    /// It cannot be told which.
    Unclear,
}

impl<'d> Objects<'d> {
    /// Reads all files.
    ///
    /// # Errors
    /// What is not understood about the inputs.
    pub(super) fn parse(files: impl Iterator<Item = (String, &'d [u8])>) -> Result<Objects<'d>, String> {
        let mut objects = Objects { objects: Vec::new(), shared: Vec::new(), definitions: HashMap::new() };
        for (name, data) in files {
            match FileKind::parse(data) {
                Ok(FileKind::Archive) => objects.add_archive(&name, data)?,
                Ok(FileKind::Elf64) => objects.add(name, data, false)?,
                _ => return Err(format!("`{name}` is neither an object nor an archive")),
            }
        }
        objects.index()?;
        Ok(objects)
    }

    fn add_archive(&mut self, name: &str, data: &'d [u8]) -> Result<(), String> {
        let broken = |_| format!("the archive `{name}` is not understood");
        let archive = ArchiveFile::parse(data).map_err(broken)?;
        for member in archive.members() {
            let member = member.map_err(broken)?;
            let member_name = String::from_utf8_lossy(member.name()).into_owned();
            let content = member.data(data).map_err(broken)?;
            // The compiler's description of the crate; the linker passes it over.
            if member_name.ends_with(".rmeta") {
                continue;
            }
            match FileKind::parse(content) {
                Ok(FileKind::Elf64) => self.add(format!("{name}({member_name})"), content, true)?,
                _ => return Err(format!("`{member_name}` in `{name}` is no object")),
            }
        }
        Ok(())
    }

    fn add(&mut self, name: String, data: &'d [u8], in_archive: bool) -> Result<(), String> {
        let broken = |_| format!("the object `{name}` is not understood");
        let header = Elf::parse(data).map_err(broken)?;
        let endian = header.endian().map_err(broken)?;
        match header.e_type(endian) {
            elf::ET_REL => {}
            elf::ET_DYN => {
                self.shared.push(format!("{name} {}", fingerprint::hex(&Sha256::digest(data))));
                return Ok(());
            }
            _ => return Err(format!("`{name}` is no relocatable object")),
        }
        if header.e_machine(endian) != elf::EM_X86_64 {
            return Err("code is compared on x86-64 only".to_owned());
        }
        let sections = header.sections(endian, data).map_err(broken)?;
        let symbols = sections.symbols(endian, data, elf::SHT_SYMTAB).map_err(broken)?;
        let mut relocations: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, section) in sections.enumerate() {
            match section.sh_type(endian) {
                elf::SHT_RELA if section.link(endian) == symbols.section() => {
                    relocations.entry(section.sh_info(endian) as usize).or_default().push(index.0);
                }
                // They would say something of how sections are changed that is not looked at.
                elf::SHT_RELA | elf::SHT_REL | elf::SHT_RELR | elf::SHT_CREL => {
                    return Err(format!("`{name}` has relocations of a kind that is not understood"));
                }
                _ => {}
            }
        }
        self.objects.push(Object { name, in_archive, endian, data, sections, symbols, relocations });
        Ok(())
    }

    /// Notes all definitions that other objects can see.
    fn index(&mut self) -> Result<(), String> {
        for (number, object) in self.objects.iter().enumerate() {
            for (index, symbol) in object.symbols.enumerate() {
                if symbol.is_local() || symbol.is_undefined(object.endian) {
                    continue;
                }
                let name = object.symbols.symbol_name(object.endian, symbol);
                let name = name.map_err(|_| format!("a symbol of `{}` has no name", object.name))?;
                self.definitions.entry(name).or_default().push((number, index));
            }
        }
        Ok(())
    }

    /// What a name that is not local stands for.
    pub(super) fn meaning(&self, name: &[u8]) -> Meaning {
        let places = match self.definitions.get(name).map(Vec::as_slice) {
            None | Some([]) => return Meaning::Outside,
            Some([place]) => return Meaning::Defined(*place),
            Some(places) => places,
        };
        let is_weak = |place: &Place| self.symbol(*place).is_some_and(Sym::is_weak);
        let strong: Vec<Place> = places.iter().copied().filter(|place| !is_weak(place)).collect();
        // A definition in an object that is linked in any case stands against every weak one, and a second strong one
        // would have been an error.
        match strong[..] {
            [place] if !self.objects[place.0].in_archive => Meaning::Defined(place),
            _ if self.all_the_same(places) => Meaning::Defined(places[0]),
            _ => Meaning::Unclear,
        }
    }

    pub(super) fn symbol(&self, (object, symbol): Place) -> Option<&'d <Elf as FileHeader>::Sym> {
        self.objects.get(object)?.symbols.symbol(symbol).ok()
    }

    /// Whether these definitions have the same bytes and refer to the same names in the same way, so that it does not
    /// matter which one the linker took.
    fn all_the_same(&self, places: &[Place]) -> bool {
        let first = self.summary(places[0]);
        first.is_some() && places[1..].iter().all(|place| self.summary(*place) == first)
    }

    fn summary(&self, place: Place) -> Option<Summary<'d>> {
        let (object, symbol) = (&self.objects[place.0], self.symbol(place)?);
        let section = object.symbols.symbol_section(object.endian, symbol, place.1).ok()??;
        let header = object.sections.section(section).ok()?;
        let mut references = Vec::new();
        for rela in object.relocations(section)? {
            let target = object.symbols.symbol(rela.symbol(object.endian, false)?).ok()?;
            // What is local to an object cannot be told to be the same by its name.
            if target.is_local() {
                return None;
            }
            let name = object.symbols.symbol_name(object.endian, target).ok()?;
            let kind = rela.r_type(object.endian, false).0;
            references.push((rela.r_offset(object.endian), kind, rela.r_addend(object.endian), name));
        }
        Some(Summary {
            value: symbol.st_value(object.endian),
            kind: header.sh_type(object.endian).0,
            size: header.sh_size(object.endian),
            content: header.data(object.endian, object.data).ok()?,
            references,
        })
    }
}

#[derive(PartialEq)]
struct Summary<'d> {
    value: u64,
    kind: u32,
    size: u64,
    content: &'d [u8],
    references: Vec<(u64, u32, i64, &'d [u8])>,
}

impl<'d> Object<'d> {
    /// All relocations of a section; `None` when they cannot be read.
    pub(super) fn relocations(&self, section: SectionIndex) -> Option<Vec<&'d <Elf as FileHeader>::Rela>> {
        let mut found = Vec::new();
        for index in self.relocations.get(&section.0).into_iter().flatten() {
            let header = self.sections.section(SectionIndex(*index)).ok()?;
            let (entries, _) = header.rela(self.endian, self.data).ok()??;
            found.extend(entries);
        }
        Some(found)
    }

    /// A section's name.
    pub(super) fn section_name(&self, section: SectionIndex) -> String {
        let header = self.sections.section(section);
        let name = header.and_then(|header| self.sections.section_name(self.endian, header));
        name.map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default()
    }
}
