//! An authority of one's own, in files that other programs made, as Istio's Citadel takes them.

use crate::scratch::Scratch;

/// The CA of the authority `name`, whose root is `root`.
fn init(name: &str, root: &str) -> String {
    format!("init --signing-cert {name}.pem --signing-key {name}.key --root-cert {root}.pem")
}

/// Makes a CA of a key that these commands of `openssl` make, with a root that it signs itself,
/// and expects that its bundles serve.
fn key_is_taken(commands: &[&str], kind: &str) {
    let Some(scratch) = Scratch::with_openssl() else { return };
    for command in commands {
        scratch.openssl(command);
    }
    scratch.chmod("own.key", 0o600);
    scratch.self_signed("own", "root");
    scratch.citadel(&init("own", "own")).done().says("O=own");
    assert_eq!(scratch.mode(&format!("{}/ca-key.pem", scratch.active("ca"))), 0o600);
    assert_eq!(scratch.signer("ca").facts().key, kind);
    scratch.citadel("bundle -o x.tgz").done();
    scratch.citadel("verify x.tgz --root-cert own.pem").done();
}

#[test]
fn an_rsa_key_in_pkcs1_is_taken() {
    key_is_taken(&["genrsa -traditional -out own.key 2048"], "RSA-2048");
}

#[test]
fn an_rsa_key_in_pkcs8_is_taken() {
    key_is_taken(&["genpkey -algorithm RSA -out own.key"], "RSA-2048");
}

#[test]
fn an_ec_key_in_sec1_is_taken_with_the_parameters_that_openssl_writes_before_it() {
    key_is_taken(&["ecparam -genkey -name prime256v1 -out own.key"], "P-256");
}

#[test]
fn an_ec_key_in_pkcs8_is_taken() {
    let pkcs8 = "pkcs8 -topk8 -nocrypt -in sec1.key -out own.key";
    key_is_taken(&["ecparam -genkey -name prime256v1 -noout -out sec1.key", pkcs8], "P-256");
}

#[test]
fn an_ec_key_on_p384_is_taken() {
    key_is_taken(&["ecparam -genkey -name secp384r1 -out own.key"], "P-384");
}

#[test]
fn an_intermediate_is_taken_and_its_bundles_carry_it() {
    let Some(scratch) = Scratch::with_openssl() else { return };
    scratch.root("root");
    scratch.signed("own", "root", "root");
    for chain in ["", " --cert-chain own.pem"] {
        let line = format!("{} --dir ca{}{chain}", init("own", "root"), chain.len());
        scratch.citadel(&line).done().says("intermediate O=own");
        scratch.citadel(&format!("bundle --dir ca{} -o x.tgz", chain.len())).done();
        scratch.citadel("verify x.tgz --root-cert root.pem").done();
        assert_eq!(scratch.bundle("x.tgz").cert_chain.windows(5).filter(is_begin).count(), 2);
    }
}

/// A place where a PEM block begins.
fn is_begin(window: &&[u8]) -> bool {
    *window == b"BEGIN"
}

#[test]
fn a_chain_between_the_intermediate_and_the_root_is_carried_too() {
    let Some(scratch) = Scratch::with_openssl() else { return };
    scratch.root("root");
    scratch.signed("middle", "root", "root");
    scratch.signed("own", "root", "middle");
    let told = scratch.citadel(&init("own", "root")).refused();
    told.says("root.pem: what it signs would not be trusted");
    scratch.citadel(&format!("{} --cert-chain middle.pem", init("own", "root"))).done();
    scratch.citadel("bundle -o x.tgz").done();
    scratch.citadel("verify x.tgz --root-cert root.pem").done();
    assert_eq!(scratch.bundle("x.tgz").cert_chain.windows(5).filter(is_begin).count(), 3);
}

/// A scratch directory with the root `own`.
fn own() -> Option<Scratch> {
    let scratch = Scratch::with_openssl()?;
    scratch.root("own");
    Some(scratch)
}

#[test]
fn the_key_of_another_certificate_is_refused() {
    let Some(scratch) = own() else { return };
    scratch.key("other");
    let line = "init --signing-cert own.pem --signing-key other.key --root-cert own.pem";
    let told = scratch.citadel(line).refused();
    told.says("other.key: the key does not belong to the certificate \"O=own\"");
}

#[test]
fn a_certificate_that_is_no_cas_is_refused() {
    let Some(scratch) = own() else { return };
    scratch.signed("leaf", "no_ca", "own");
    let told = scratch.citadel(&init("leaf", "own")).refused();
    told.says("leaf.pem: the certificate \"O=leaf\" may not sign others: it lacks CA:TRUE");
}

#[test]
fn a_certificate_whose_key_may_not_sign_certificates_is_refused() {
    let Some(scratch) = own() else { return };
    scratch.signed("crl", "no_sign", "own");
    let told = scratch.citadel(&init("crl", "own")).refused();
    told.says("crl.pem: the certificate \"O=crl\" may not sign others: it lacks keyCertSign");
}

#[test]
fn an_encrypted_key_is_refused() {
    let Some(scratch) = own() else { return };
    for line in ["pkcs8 -topk8 -passout pass:secret", "ec -aes128 -passout pass:secret"] {
        scratch.openssl(&format!("{line} -in own.key -out locked.key"));
        scratch.chmod("locked.key", 0o600);
        let line = "init --signing-cert own.pem --signing-key locked.key --root-cert own.pem";
        let told = scratch.citadel(line).refused();
        told.says("locked.key: the key is encrypted; decrypt it first");
    }
}

/// Makes a key with `openssl`, and expects that it is refused in every part, but shown.
fn key_is_refused(command: &str, name: &str, words: &str) {
    let Some(scratch) = own() else { return };
    scratch.openssl(&format!("{command} -out weak.key"));
    scratch.chmod("weak.key", 0o600);
    scratch.self_signed("weak", "root");
    scratch.citadel(&init("weak", "weak")).refused().says(words);
    let shown = scratch.citadel("inspect weak.pem").done();
    assert!(shown.out().contains(&format!(" {name}, signed with ")), "{}", shown.out());

    let line = init("weak", "weak").replace("weak.key", "own.key");
    scratch.citadel(&line).refused().says("weak.pem: the key of the certificate is ");

    scratch.signed("below", "root", "weak");
    scratch.citadel(&init("below", "weak")).refused().says("what it signs would not be trusted: ");

    scratch.openssl("req -new -key weak.key -subj /O=leaf -out leaf.csr");
    let as_what = "-extfile openssl.cnf -extensions workload";
    let by = "-CA own.pem -CAkey own.key -CAcreateserial -days 10";
    scratch.openssl(&format!("x509 -req -in leaf.csr {by} {as_what} -out leaf.pem"));
    for (from, to) in
        [("own.pem", "root-cert.pem"), ("leaf.pem", "cert-chain.pem"), ("own.key", "key.pem")]
    {
        scratch.write(&format!("out/{to}"), scratch.read(from));
    }
    scratch.citadel("verify out").ends(1).says("cert-chain.pem: the key of the leaf is ");
}

#[test]
fn a_short_rsa_key_is_refused() {
    let command = "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024";
    key_is_refused(
        command,
        "RSA-1024",
        "weak.key: the key is no private key that can be read: an RSA key of",
    );
}

#[test]
fn a_key_that_envoy_does_not_take_is_refused() {
    let words = "weak.key: the key is of a kind that Envoy does not take";
    key_is_refused("genpkey -algorithm ED25519", "Ed25519", words);
    key_is_refused("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521", "P-521", words);
    key_is_refused(
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
        "1.3.132.0.10",
        words,
    );
}

#[test]
fn a_root_that_signed_nothing_of_it_is_refused() {
    let Some(scratch) = own() else { return };
    scratch.root("other");
    let told = scratch.citadel(&init("own", "other")).refused();
    told.says("other.pem: what it signs would not be trusted: none of the roots signed it");
}

#[test]
fn a_chain_that_does_not_lead_to_the_root_is_refused() {
    let Some(scratch) = own() else { return };
    scratch.root("other");
    scratch.signed("middle", "root", "other");
    scratch.signed("low", "root", "middle");
    let line = format!("{} --cert-chain middle.pem", init("low", "own"));
    let told = scratch.citadel(&line).refused();
    told.says("own.pem: what it signs would not be trusted: none of the roots signed it");
}

/// The chain `leaf`, `own`, `middle` below the root `root`, the latter two as these sections have
/// them: expects that peers would refuse it, and so do `init` and `verify`.
fn chain_is_refused([root, middle]: [&str; 2], words: &str) {
    let Some(scratch) = Scratch::with_openssl() else { return };
    scratch.key("root");
    scratch.self_signed("root", root);
    scratch.signed("middle", middle, "root");
    scratch.signed("own", "root", "middle");
    scratch.signed("leaf", "workload", "own");
    let line = format!("{} --cert-chain middle.pem", init("own", "root"));
    scratch.citadel(&line).refused().says("what it signs would not be trusted: ").says(words);

    let pem = |name: &str| scratch.read(&format!("{name}.pem"));
    scratch.write("out/root-cert.pem", pem("root"));
    scratch.write("out/cert-chain.pem", ["leaf", "own", "middle"].map(pem).concat());
    scratch.write("out/key.pem", scratch.read("leaf.key"));
    scratch.citadel("verify out").ends(1).says(words);
}

#[test]
fn a_root_that_allows_fewer_intermediates_below_it_than_there_are_is_refused() {
    chain_is_refused(["room_for_one", "root"], "longer than one of its certificates allows");
}

#[test]
fn a_root_whose_key_may_not_sign_certificates_is_refused() {
    let words = "\"O=root\" signed a certificate of the chain, but its key may not";
    chain_is_refused(["no_sign", "root"], words);
}

#[test]
fn an_intermediate_whose_key_may_not_sign_certificates_is_refused() {
    let words = "\"O=middle\" signed a certificate of the chain, but its key may not";
    chain_is_refused(["root", "no_cert_sign"], words);
}

#[test]
fn a_root_that_constrains_names_to_others_is_refused() {
    chain_is_refused(
        ["other_names", "root"],
        "a certificate of the chain constrains names: to others, or URIs",
    );
}

#[test]
fn a_name_with_a_part_twice_is_refused() {
    let Some(scratch) = own() else { return };
    scratch.key("twice");
    scratch.self_signed_as("twice", "root", "/O=twice/OU=one/OU=two");
    let told = scratch.citadel(&init("twice", "twice")).refused();
    told.says("twice.pem: the name \"O=twice, OU=one, OU=two\" cannot be repeated");
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let Some(scratch) = own() else { return };
    for mode in [0o640, 0o604] {
        scratch.chmod("own.key", mode);
        let told = scratch.citadel(&init("own", "own")).refused();
        told.says("own.key can be read by others").says("`chmod 600 own.key`");
    }
}

#[test]
fn each_of_the_files_needs_its_partners() {
    let scratch = Scratch::new();
    let flags = ["--signing-cert a", "--signing-key b", "--root-cert c"];
    for missing in 0..flags.len() {
        let mut line = "init".to_owned();
        for (_, flag) in flags.iter().enumerate().filter(|(i, _)| *i != missing) {
            line.extend([" ", flag]);
        }
        let words = format!("\n  {} <FILE>\n", flags[missing].split(' ').next().unwrap());
        scratch.citadel(&line).refused().says(&words);
    }
    scratch.citadel("init --cert-chain d").refused().says("--signing-cert <FILE>");
}

#[test]
fn what_only_a_new_root_has_cannot_be_asked_for() {
    let scratch = Scratch::new();
    for flag in ["--org x", "--ttl 1h", "--key rsa2048", "--intermediate"] {
        let line = format!("{} {flag}", init("own", "own"));
        scratch.citadel(&line).refused().says("cannot be used with");
    }
}

#[test]
fn a_file_that_is_missing_or_of_another_kind_is_named() {
    let Some(scratch) = own() else { return };
    scratch.write("rubbish.pem", "rubbish");
    scratch.chmod("own.pem", 0o600);
    for (line, words) in [
        (init("no", "own"), "no.key: No such file"),
        (init("own", "no"), "no.pem: No such file"),
        (init("own", "rubbish"), "rubbish.pem: holds no PEM certificate"),
        (init("own", "own") + " --cert-chain rubbish.pem", "rubbish.pem: holds no PEM"),
        (
            init("own", "own").replace("own.key", "own.pem"),
            "own.pem: the key holds no PEM private key",
        ),
        (init("own", "own").replacen("own.pem", "own.key", 1), "own.key: holds something other"),
    ] {
        scratch.citadel(&line).refused().says(words);
    }
}
