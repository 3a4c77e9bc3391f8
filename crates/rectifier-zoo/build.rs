//! Lists the weights that the feature `pretrained` puts into the program: what lies in `weights`, which may be nothing yet.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=weights");
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = match env::var_os("CARGO_FEATURE_PRETRAINED") {
        Some(_) => listed(&folder.join("weights"))?,
        None => Vec::new(),
    };
    files.sort();
    let mut code = String::from("&[\n");
    for file in files {
        let name = file.file_name().unwrap_or_default();
        println!("cargo::rerun-if-changed={}", file.display());
        code.push_str(&format!("    ({name:?}, include_bytes!({file:?})),\n"));
    }
    code.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("embedded.rs"), code)
}

/// The files in `folder`; none where there is no such folder.
fn listed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let files: io::Result<Vec<PathBuf>> = entries.collect();
    Ok(files?.into_iter().filter(|path| path.is_file()).collect())
}
