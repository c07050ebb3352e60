//! tmp
use super::*;
use crate::analysis::code::{routines::Routines, walk::Walker, Target};
#[test]
fn tmp_real() {
    let Ok(dirs) = std::env::var("IDN_DIRS") else { return };
    for dir in dirs.split(' ') {
        let t = std::time::Instant::now();
        let args = std::fs::read_to_string(format!("{dir}/args")).unwrap();
        let files: Vec<PathBuf> = args.lines().filter(|a| a.ends_with(".o") || a.ends_with(".rlib")).map(|a| {
            let kept = Path::new(dir).join(Path::new(a).file_name().unwrap());
            if kept.exists() { kept } else { a.into() }
        }).collect();
        let inputs = Inputs::read(&files).unwrap();
        eprintln!("{dir}: {} files {:?}", files.len(), t.elapsed());
        let graph = inputs.graph(&[]).unwrap();
        eprintln!("{} nodes {} roots {:?}", graph.nodes.len(), graph.roots.len(), t.elapsed());
        let mut unclear = std::collections::BTreeMap::new();
        let mut outside = std::collections::BTreeSet::new();
        for n in &graph.nodes { for r in &n.references { match &r.target { Target::Unclear(w) => *unclear.entry(w.clone()).or_insert(0) += 1, Target::Outside{name, ..} => { outside.insert(name.clone()); }, _ => {} } } }
        eprintln!("unclear {unclear:?}"); eprintln!("outside {outside:?}");
        let routines = Routines::of(&graph);
        eprintln!("{routines:#?}");
        let walker = Walker::new(&graph);
        eprintln!("walker {:?}", t.elapsed());
        eprintln!("{:?} {:?}", walker.reached(&Default::default()), t.elapsed());
    }
}
