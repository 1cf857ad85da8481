//! Lets the server be built before its web client is: the folder to embed must exist, even if it is empty.

fn main() -> std::io::Result<()> {
    std::fs::create_dir_all("../../web/app/dist")?;
    println!("cargo::rerun-if-changed=../../web/app/dist");
    Ok(())
}
