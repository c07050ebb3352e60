//! What this machine keeps of the packages of a lockfile, for a terminal.

use super::packages;
use crate::model::integrity::{ArchiveCheck, FileDifference, Found, Integrity};
use crate::report::escape::visible;
use crate::report::paint::{Paint, Tone};

/// Files of a package that are told one by one.
const MOST_FILES: usize = 5;
/// Packages that are told one by one where there is little to say.
const MOST_NAMES: usize = 10;

/// The check, with a line break at its end. `name` is what the user called the lockfile's revision.
pub fn text(name: &str, integrity: &Integrity, paint: Paint) -> String {
    let bad: Vec<&ArchiveCheck> = integrity.archives.iter().filter(|it| it.is_tampered()).collect();
    let found = |wanted: fn(&Found) -> bool| integrity.archives.iter().filter(move |it| wanted(&it.found));
    let intact = found(|found| *found == Found::Intact).count();
    let (headline, tone) = match bad.len() {
        0 => (format!("{} intact", packages(intact)), Tone::Good),
        number => (format!("{} not what the lockfile names, {intact} intact", packages(number)), Tone::Bad),
    };
    let mut text = format!("{}: {}\n", visible(name), paint.tone(tone, &headline));
    for check in found(|found| matches!(found, Found::Unreadable(_))) {
        if let Found::Unreadable(why) = &check.found {
            text += &format!("  {} cannot be read: {}\n", label(check), visible(why));
        }
    }
    let missing: Vec<String> = found(|found| *found == Found::Missing).map(label).collect();
    text += &names("not downloaded on this machine, so not checked", &missing);
    text += &names("from git, where the commit names the content", &visible_all(&integrity.from_git));
    text += &names("without a checksum in the lockfile", &visible_all(&integrity.without_checksum));
    for check in bad {
        text += &format!("\n{}\n", paint.tone(Tone::Bad, &label(check)));
        text += &tampered(check);
    }
    text
}

fn label(check: &ArchiveCheck) -> String {
    visible(&format!("{} {}", check.name, check.version))
}

fn tampered(check: &ArchiveCheck) -> String {
    let archive = visible(&check.archive.to_string_lossy());
    match &check.found {
        Found::OtherArchive(found) => format!(
            "  the archive has another checksum\n    lockfile  {}\n    archive   {}\n    file      {archive}\n  \
             remove the file, and cargo downloads it again\n",
            visible(&check.checksum),
            visible(found),
        ),
        Found::OtherFiles(files) => {
            let mut text =
                "  the archive is intact, but these files that cargo compiles are not those in it\n"
                    .to_owned();
            for file in files.iter().take(MOST_FILES) {
                let what = match file {
                    FileDifference::Changed(_) => "changed",
                    FileDifference::Gone(_) => "gone   ",
                    FileDifference::Added(_) => "added  ",
                };
                text += &format!("    {what}  {}\n", visible(&file.path().to_string_lossy()));
            }
            if files.len() > MOST_FILES {
                text += &format!("    and {} more\n", files.len() - MOST_FILES);
            }
            text + "  remove the package's folder below `registry/src`, and cargo unpacks it again\n"
        }
        Found::Intact | Found::Missing | Found::Unreadable(_) => String::new(),
    }
}

fn visible_all(names: &[String]) -> Vec<String> {
    names.iter().map(|name| visible(name)).collect()
}

fn names(what: &str, names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let shown = names[..names.len().min(MOST_NAMES)].join(", ");
    let more = names.len().saturating_sub(MOST_NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("  {} {what}: {shown}{more}\n", names.len())
}
