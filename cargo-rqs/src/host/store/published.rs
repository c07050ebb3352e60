//! What the results folder says about itself: how to read a record, and the JSON Schema of each format.

use std::fs;
use std::io;
use std::path::Path;

use schemars::generate::SchemaSettings;

use super::envelope::{Envelope, Stored};
use super::whole_file;
use crate::model::acceptance::Acceptance;
use crate::model::bisection::BisectionRecord;
use crate::model::calibration::CalibrationRecord;
use crate::model::dependencies::DependencyGraph;
use crate::model::environment::Environment;
use crate::model::probe::ProbeRecord;
use crate::model::record::RunRecord;
use crate::model::run_part::RunPart;

const README: &str = include_str!("results_readme.md");

/// In the README's first line, before the number that says which of two tools has the newer texts. Raise the number
/// with every change of a format or of these texts.
const EDITION_MARK: &str = "<!-- edition ";

/// Writes the README and the schemas where they are missing or differ. A folder whose texts come from a newer tool
/// is left alone, so that tools of two versions do not rewrite them in turns.
pub(super) fn write_all(results: &Path) -> io::Result<()> {
    whole_file::create_folder(results)?;
    let readme = results.join("README.md");
    if edition(&existing(&readme)?) > edition(README.as_bytes()) {
        return Ok(());
    }
    let schemas = results.join("schemas");
    whole_file::create_folder(&schemas)?;
    for (kind, schema) in schema_texts() {
        write_if_different(&schemas.join(format!("{kind}.schema.json")), schema.as_bytes())?;
    }
    write_if_different(&readme, README.as_bytes())
}

/// Writes one more schema, under the same rule.
pub(super) fn write_schema(results: &Path, path: &Path, schema: &str) -> io::Result<()> {
    if edition(&existing(&results.join("README.md"))?) > edition(README.as_bytes()) {
        return Ok(());
    }
    whole_file::create_folder(&results.join("schemas"))?;
    write_if_different(path, schema.as_bytes())
}

/// Kind and JSON Schema of each format.
fn schema_texts() -> [(&'static str, String); 8] {
    [
        schema_text::<RunRecord>(),
        schema_text::<RunPart>(),
        schema_text::<Environment>(),
        schema_text::<DependencyGraph>(),
        schema_text::<ProbeRecord>(),
        schema_text::<Acceptance>(),
        schema_text::<CalibrationRecord>(),
        schema_text::<BisectionRecord>(),
    ]
}

fn schema_text<T: Stored>() -> (&'static str, String) {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Envelope<T>>();
    schema.insert("title".to_owned(), format!("cargo-rqs {} record, format {}", T::KIND, T::FORMAT).into());
    (T::KIND, format!("{:#}\n", schema.to_value()))
}

fn edition(readme: &[u8]) -> u32 {
    let text = String::from_utf8_lossy(readme);
    let number = text.strip_prefix(EDITION_MARK).and_then(|rest| rest.split_once(' '));
    number.and_then(|(digits, _)| digits.parse().ok()).unwrap_or(0)
}

fn write_if_different(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if existing(path)? == bytes { Ok(()) } else { whole_file::replace(path, bytes) }
}

fn existing(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::{envelope, samples};
    use super::*;

    /// Every field of a value is described in the schema, and every required one is there: a small part of JSON
    /// Schema, as much as the schemas of plain structs use.
    fn check(schema: &Value, root: &Value, value: &Value, at: &str) {
        if let Some(target) = schema["$ref"].as_str() {
            return check(root.pointer(&target[1..]).unwrap(), root, value, at);
        }
        match value {
            Value::Object(fields) if schema.get("properties").is_some() => {
                for (name, field) in fields {
                    let described = schema["properties"].get(name);
                    check(
                        described.unwrap_or_else(|| panic!("{at}.{name} has no schema")),
                        root,
                        field,
                        &format!("{at}.{name}"),
                    );
                }
                for required in schema["required"].as_array().into_iter().flatten() {
                    assert!(fields.contains_key(required.as_str().unwrap()), "{at} lacks {required}");
                }
            }
            Value::Array(items) if schema["items"].is_object() => {
                items.iter().for_each(|item| check(&schema["items"], root, item, &format!("{at}[]")));
            }
            _ => assert!(schema.is_object(), "{at} has no schema"),
        }
    }

    #[test]
    fn each_schema_describes_every_field_that_is_written() {
        let files = [
            envelope::seal(&RunRecord { parts: vec!["ab".repeat(32)], ..samples::run(2, 2, 2) }).unwrap(),
            envelope::seal(&samples::run_part()).unwrap(),
            envelope::seal(&samples::environment()).unwrap(),
            envelope::seal(&samples::dependencies()).unwrap(),
            envelope::seal(&samples::probe()).unwrap(),
            envelope::seal(&samples::acceptance()).unwrap(),
            envelope::seal(&samples::calibration()).unwrap(),
            envelope::seal(&samples::bisection()).unwrap(),
        ];
        for ((kind, schema), file) in schema_texts().into_iter().zip(files) {
            let schema: Value = serde_json::from_str(&schema).unwrap();
            let format = match kind {
                "run" => 3,
                "dependencies" => 2,
                _ => 1,
            };
            assert_eq!(schema["title"], format!("cargo-rqs {kind} record, format {format}"));
            check(&schema, &schema, &serde_json::from_slice(&file).unwrap(), kind);
        }
    }

    #[test]
    fn texts_are_renewed_when_they_differ_and_left_alone_when_they_are_newer() {
        let folder = tempfile::tempdir().unwrap();
        let (readme, schema) =
            (folder.path().join("README.md"), folder.path().join("schemas/run.schema.json"));
        write_all(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(&readme).unwrap(), README);
        fs::write(&readme, "<!-- edition 0 -->\nold").unwrap();
        fs::write(&schema, "{}").unwrap();
        write_all(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(&readme).unwrap(), README);
        assert!(fs::read_to_string(&schema).unwrap().contains("content_sha256"));
        fs::write(&readme, "<!-- edition 99 -->\nnew").unwrap();
        fs::write(&schema, "{}").unwrap();
        write_all(folder.path()).unwrap();
        assert!(fs::read_to_string(&readme).unwrap().ends_with("new"));
        assert_eq!(fs::read_to_string(&schema).unwrap(), "{}");
    }

    #[test]
    fn the_readme_carries_an_edition_and_names_the_current_formats() {
        assert!(edition(README.as_bytes()) > 0);
        for (kind, format) in [
            ("run", RunRecord::FORMAT),
            ("run_part", RunPart::FORMAT),
            ("environment", Environment::FORMAT),
            ("dependencies", DependencyGraph::FORMAT),
            ("probe", ProbeRecord::FORMAT),
            ("acceptance", Acceptance::FORMAT),
            ("calibration", CalibrationRecord::FORMAT),
            ("bisection", BisectionRecord::FORMAT),
        ] {
            assert!(README.contains(&format!("| {kind} | {format} |")), "{kind}");
        }
    }
}
