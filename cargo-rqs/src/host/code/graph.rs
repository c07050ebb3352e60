//! From objects to the graph of what is within reach.

use std::collections::HashMap;

use object::Endianness;
use object::elf;
use object::read::elf::{Rela, SectionHeader, Sym};
use object::read::{SectionIndex, SymbolIndex};

use super::objects::{Meaning, Objects, Place};
use super::relocations::{UNDERSTOOD, is_branch};
use super::sections::{RecordsBySection, content, element, names, records};
use super::unwinding::{self, FunctionRecord};
use crate::analysis::code::{BELONGS, Graph, Node, Reference, Shape, Target};

/// Marks relocations that refer to a function which chooses another one when the program is loaded.
const CHOOSES: u32 = 1 << 31;
/// Symbols of the linker's own whose value depends on everything that is linked.
const OF_THE_WHOLE: [&str; 16] = [
    "__ehdr_start",
    "__executable_start",
    "__bss_start",
    "_end",
    "end",
    "_edata",
    "edata",
    "_etext",
    "etext",
    "__preinit_array_start",
    "__preinit_array_end",
    "__init_array_start",
    "__init_array_end",
    "__fini_array_start",
    "__fini_array_end",
    "__GNU_EH_FRAME_HDR",
];
/// What a node is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    /// A section.
    Section(usize, usize),
    /// A record of unwinding tables, by its begin.
    Record(usize, usize, usize),
    /// All sections of a name that a program may go through.
    Collection(String),
}

/// Builds the graph of everything within reach.
///
/// # Errors
/// Why the objects as a whole are not understood.
pub(super) fn build(objects: &Objects<'_>, exported: &[String]) -> Result<Graph, String> {
    let mut builder = Builder {
        objects,
        graph: Graph::default(),
        numbers: HashMap::new(),
        parts: Vec::new(),
        names: HashMap::new(),
        unwinding: HashMap::new(),
    };
    let entry = builder.named("main", 0);
    if !matches!(entry, Target::Within { .. }) {
        return Err("what was linked has no `main`".to_owned());
    }
    builder.graph.roots.push(entry);
    for name in exported {
        let target = builder.named(name, 0);
        builder.graph.roots.push(target);
    }
    for name in &objects.shared {
        builder.graph.roots.push(Target::Outside { name: name.clone(), addend: 0 });
    }
    builder.add_run_by_loader();
    while let Some(part) = builder.parts.get(builder.graph.nodes.len()).cloned() {
        let node = builder.node(&part);
        builder.graph.nodes.push(node);
    }
    Ok(builder.graph)
}

struct Builder<'a, 'd> {
    objects: &'a Objects<'d>,
    graph: Graph,
    numbers: HashMap<Part, usize>,
    parts: Vec<Part>,
    /// For each object that was asked: the symbols of each section.
    names: HashMap<usize, HashMap<usize, Vec<String>>>,
    /// For each object that was asked: the records of each section of code, or why they are unclear.
    unwinding: HashMap<usize, Result<RecordsBySection, String>>,
}

impl<'d> Builder<'_, 'd> {
    fn number(&mut self, part: Part) -> usize {
        let next = self.parts.len();
        *self.numbers.entry(part.clone()).or_insert_with(|| {
            self.parts.push(part);
            next
        })
    }

    fn within(&mut self, part: Part, offset: i64) -> Target {
        Target::Within { node: self.number(part), offset }
    }

    /// Whatever runs before and after `main`, in any object.
    fn add_run_by_loader(&mut self) {
        for (number, object) in self.objects.objects.iter().enumerate() {
            for (index, header) in object.sections.enumerate() {
                let name = object.section_name(index);
                let by_type = matches!(
                    header.sh_type(object.endian),
                    elf::SHT_INIT_ARRAY | elf::SHT_FINI_ARRAY | elf::SHT_PREINIT_ARRAY
                );
                let is_of = |prefix: &&str| {
                    name.strip_prefix(*prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                };
                let by_name =
                    [".init", ".fini", ".init_array", ".fini_array", ".preinit_array", ".ctors", ".dtors"];
                if by_type || by_name.iter().any(is_of) {
                    let root = self.within(Part::Section(number, index.0), 0);
                    self.graph.roots.push(root);
                }
            }
        }
    }

    fn node(&mut self, part: &Part) -> Node {
        match part {
            Part::Section(object, section) => self.section(*object, SectionIndex(*section)),
            Part::Record(object, section, begin) => self.record(*object, SectionIndex(*section), *begin),
            Part::Collection(name) => self.collection(name),
        }
    }

    fn section(&mut self, number: usize, index: SectionIndex) -> Node {
        let object = &self.objects.objects[number];
        let name = object.section_name(index);
        let Some((shape, content)) = content(object, index) else {
            return unclear_node(&name, format!("section {} of `{}` cannot be read", index.0, object.name));
        };
        let mut references = self.references(number, index, 0..u64::MAX);
        if shape.executable {
            match self.records_of(number, index) {
                Ok(records) => {
                    for (section, record) in records {
                        let target = self.within(Part::Record(number, section, record.range.start), 0);
                        references.push(Reference {
                            offset: u64::MAX,
                            kind: BELONGS,
                            branches: false,
                            target,
                        });
                    }
                }
                Err(why) => references.push(unclear(u64::MAX, why)),
            }
        }
        let names = self.names.entry(number).or_insert_with(|| names(object)).get(&index.0);
        Node {
            names: names.cloned().unwrap_or_default(),
            section: name,
            shape,
            content: content.to_vec(),
            references,
        }
    }

    /// The relocations of a part of a section, in order, counted from the part's begin.
    fn references(
        &mut self,
        number: usize,
        index: SectionIndex,
        range: std::ops::Range<u64>,
    ) -> Vec<Reference> {
        let object = &self.objects.objects[number];
        let Some(mut entries) = object.relocations(index) else {
            return vec![unclear(0, format!("the relocations of `{}` cannot be read", object.name))];
        };
        let endian = object.endian;
        let code = content(object, index).filter(|(shape, _)| shape.executable).map(|(_, code)| code);
        entries.retain(|rela| range.contains(&rela.r_offset(endian)));
        // Where several are at one place they are done in the order of the file.
        entries.sort_by_key(|rela| rela.r_offset(endian));
        let mut references = Vec::with_capacity(entries.len());
        for rela in entries {
            let kind = rela.r_type(endian, false).0;
            let addend = rela.r_addend(endian);
            let (target, chooses) = match UNDERSTOOD.contains(&kind) {
                false => {
                    (Target::Unclear(format!("relocations of the type {kind} are not understood")), false)
                }
                true => match rela.symbol(endian, false) {
                    None => (Target::Absolute(addend as u64), false),
                    Some(symbol) => self.symbol((number, symbol), addend),
                },
            };
            let kind = kind | if chooses { CHOOSES } else { 0 };
            let branches = code.is_some_and(|code| is_branch(code, rela.r_offset(endian), kind, &target));
            references.push(Reference {
                offset: rela.r_offset(endian) - range.start,
                kind,
                branches,
                target,
            });
        }
        references
    }

    /// What a symbol of an object refers to, and whether that chooses a function when the program is loaded.
    fn symbol(&mut self, place: Place, addend: i64) -> (Target, bool) {
        let object = &self.objects.objects[place.0];
        let Ok(symbol) = object.symbols.symbol(place.1) else {
            return (
                Target::Unclear(format!("`{}` refers to a symbol that it does not have", object.name)),
                false,
            );
        };
        if symbol.is_local() {
            return (self.defined(place, addend), is_chooser(symbol));
        }
        let Ok(name) = object.symbols.symbol_name(object.endian, symbol) else {
            return (Target::Unclear(format!("a symbol of `{}` has no name", object.name)), false);
        };
        let Ok(name) = std::str::from_utf8(name) else {
            return (Target::Unclear(format!("the name of a symbol of `{}` is no text", object.name)), false);
        };
        let chooses = match self.objects.meaning(name.as_bytes()) {
            Meaning::Defined(place) => self.objects.symbol(place).is_some_and(is_chooser),
            _ => false,
        };
        (self.named(name, addend), chooses)
    }

    /// What a name refers to that is not local to an object.
    fn named(&mut self, name: &str, addend: i64) -> Target {
        match self.objects.meaning(name.as_bytes()) {
            Meaning::Defined(place) => self.defined(place, addend),
            Meaning::Unclear => Target::Unclear(format!("there are several definitions of `{name}`")),
            Meaning::Outside if OF_THE_WHOLE.contains(&name) => {
                Target::Unclear(format!("`{name}` is a place that depends on everything that is linked"))
            }
            Meaning::Outside => {
                match name.strip_prefix("__start_").or_else(|| name.strip_prefix("__stop_")) {
                    Some(section) => self.within(Part::Collection(section.to_owned()), addend),
                    None => Target::Outside { name: name.to_owned(), addend },
                }
            }
        }
    }

    fn defined(&mut self, (number, index): (usize, SymbolIndex), addend: i64) -> Target {
        let object = &self.objects.objects[number];
        let unclear = |what: &str| Target::Unclear(format!("a symbol of `{}` {what}", object.name));
        let Ok(symbol) = object.symbols.symbol(index) else { return unclear("is missing") };
        let value = symbol.st_value(object.endian);
        if symbol.is_absolute(object.endian) {
            return Target::Absolute(value.wrapping_add(addend as u64));
        }
        if symbol.is_common(object.endian) {
            return unclear("is common to several objects");
        }
        let Ok(Some(section)) = object.symbols.symbol_section(object.endian, symbol, index) else {
            return unclear("lies in no section");
        };
        let Some((shape, content)) = content(object, section) else { return unclear("lies in no section") };
        if shape.flags & elf::SHF_MERGE.0 != 0
            && shape.element > 0
            && object.relocations(section).is_some_and(|r| r.is_empty())
        {
            // By the symbol of a section, the addend says which element; by any other, the symbol does.
            let by_section = symbol.st_type() == elf::STT_SECTION;
            let place = if by_section { value.wrapping_add(addend as u64) } else { value };
            let element = element(&shape, content, place);
            return match element {
                Some((content, inner)) => {
                    let addend = if by_section { 0 } else { addend };
                    let shape = Shape { size: 0, ..shape };
                    Target::Element { shape, content: content.to_vec(), inner, addend }
                }
                None => unclear("lies outside of its pool of constants"),
            };
        }
        self.within(Part::Section(number, section.0), (value as i64).wrapping_add(addend))
    }

    /// The unwinding records of a section of code, each with the number of the section that it stands in.
    fn records_of(
        &mut self,
        number: usize,
        code: SectionIndex,
    ) -> Result<Vec<(usize, FunctionRecord)>, String> {
        let objects = self.objects;
        let of_object = self.unwinding.entry(number).or_insert_with(|| records(&objects.objects[number]));
        let of_object = of_object.as_ref().map_err(Clone::clone)?;
        Ok(of_object.get(&code.0).cloned().unwrap_or_default())
    }

    fn record(&mut self, number: usize, section: SectionIndex, begin: usize) -> Node {
        let object = &self.objects.objects[number];
        let name = object.section_name(section);
        let records =
            content(object, section).and_then(|(shape, all)| Some((shape, all, unwinding::parse(all)?)));
        let Some((shape, all, records)) = records else {
            return unclear_node(
                &name,
                format!("the unwinding tables of `{}` are not understood", object.name),
            );
        };
        let function = records.functions.iter().find(|record| record.range.start == begin);
        let range = match function {
            Some(record) => record.range.clone(),
            None => match records.functions.iter().find(|record| record.common.start == begin) {
                Some(record) => record.common.clone(),
                None => return unclear_node(&name, "an unwinding record is missing".to_owned()),
            },
        };
        let mut content = unwinding::without_padding(&all[range.clone()]);
        let mut references = self.references(number, section, range.start as u64..range.end as u64);
        if let Some(record) = function {
            // A distance within the table, which depends on what else is in it.
            content.iter_mut().take(FunctionRecord::FUNCTION_AT).for_each(|byte| *byte = 0);
            let target = self.within(Part::Record(number, section.0, record.common.start), 0);
            references.push(Reference {
                offset: FunctionRecord::COMMON_AT as u64,
                kind: BELONGS,
                branches: false,
                target,
            });
        }
        let shape = Shape { size: content.len() as u64, ..shape };
        Node { section: name, names: Vec::new(), shape, content, references }
    }

    /// All sections of a name, in the order of the link.
    fn collection(&mut self, name: &str) -> Node {
        let mut references = Vec::new();
        for (number, object) in self.objects.objects.iter().enumerate() {
            for (index, header) in object.sections.enumerate() {
                let loaded = header.sh_flags(object.endian).0 & elf::SHF_ALLOC.0 != 0;
                if loaded && object.section_name(index) == name {
                    let target = self.within(Part::Section(number, index.0), 0);
                    references.push(Reference { offset: 0, kind: BELONGS, branches: false, target });
                }
            }
        }
        Node { section: name.to_owned(), references, ..Node::default() }
    }
}

fn is_chooser(symbol: &elf::Sym64<Endianness>) -> bool {
    symbol.st_type() == elf::STT_GNU_IFUNC
}

fn unclear(offset: u64, why: String) -> Reference {
    Reference { offset, kind: 0, branches: false, target: Target::Unclear(why) }
}

fn unclear_node(section: &str, why: String) -> Node {
    Node { section: section.to_owned(), references: vec![unclear(0, why)], ..Node::default() }
}
