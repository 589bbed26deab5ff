//! The generated code of `src/proto` is what its `.proto` files say. With `UPDATE_PROTO=1` it is
//! written anew instead.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use protox::Compiler;

/// The files, each with a package of its own, by which its code is called.
const FILES: [(&str, &str); 3] = [
    ("ca.proto", "istio.v1.auth.rs"),
    ("roots.proto", "mesh.citadel.v1.rs"),
    ("sds.proto", "envoy.service.secret.v3.rs"),
];

/// What would show a private key: `src/proto.rs` says how it is shown.
const SECRET: [&str; 2] = [".envoy.service.secret.v3.Any", ".envoy.service.secret.v3.DataSource"];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/proto")
}

fn generate(to: &Path) {
    let mut compiler = Compiler::new([sources()]).unwrap();
    compiler.include_source_info(true);
    compiler.open_files(FILES.iter().map(|(proto, _)| proto)).unwrap();
    let mut prost = tonic_prost_build::Config::new();
    prost.skip_debug(SECRET);
    tonic_prost_build::configure()
        .build_transport(false)
        .out_dir(to)
        .compile_fds_with_config(compiler.file_descriptor_set(), prost)
        .unwrap();
}

#[test]
fn the_generated_code_is_what_the_proto_files_say() {
    let scratch = tempfile::tempdir().unwrap();
    generate(scratch.path());
    for (proto, code) in FILES {
        let generated = fs::read_to_string(scratch.path().join(code)).unwrap();
        let generated = format!("//! Generated from `{proto}`; not to be edited.\n{generated}");
        let stored = sources().join("generated").join(code);
        if std::env::var_os("UPDATE_PROTO").is_some() {
            fs::write(&stored, &generated).unwrap();
        }
        let stored = fs::read_to_string(&stored).unwrap_or_default();
        assert!(
            stored == generated,
            "{code}: UPDATE_PROTO=1 cargo test --features grpc --test proto"
        );
    }
}
