//! Keys and certificates that others made: the `openssl` command in a scratch directory.

use crate::scratch::{Scratch, there_is};

/// What certificates are made as, by the names of the sections.
const CONFIG: &str = "
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[root_without_key_ids]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = none
authorityKeyIdentifier = none
[root_by_serial_number]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always, issuer:always
[room_for_one]
basicConstraints = critical, CA:TRUE, pathlen:1
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[no_cert_sign]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash
[other_names]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
nameConstraints = critical, permitted;URI:.example.org
subjectKeyIdentifier = hash
[no_sign]
basicConstraints = critical, CA:TRUE
keyUsage = critical, cRLSign
subjectKeyIdentifier = hash
[no_ca]
basicConstraints = critical, CA:FALSE
subjectKeyIdentifier = hash
[workload]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = critical, URI:spiffe://cluster.local/ns/default/sa/default
[ca_as_leaf]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature, keyCertSign
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = URI:spiffe://cluster.local/ns/default/sa/default
[no_uri]
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:web.example
[two_uris]
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = URI:spiffe://cluster.local/ns/default/sa/a, URI:spiffe://cluster.local/ns/default/sa/b
[other_uri]
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = URI:https://web.example/
[no_client]
extendedKeyUsage = serverAuth
subjectAltName = URI:spiffe://cluster.local/ns/default/sa/default
[no_signature]
keyUsage = critical, keyAgreement
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = URI:spiffe://cluster.local/ns/default/sa/default
";

impl Scratch {
    /// A scratch directory for `openssl`; none where there is no such command, which is said.
    pub(crate) fn with_openssl() -> Option<Self> {
        there_is("openssl", "what it makes or checks")
            .then(|| Self::new().file("openssl.cnf", CONFIG))
    }

    /// Runs `openssl`; what it says is not looked at, for keys may be in it.
    pub(crate) fn openssl(&self, line: &str) {
        self.run("openssl").env("OPENSSL_CONF", "openssl.cnf").args(line).done();
    }

    /// An EC key on P-256, `name.key`, that only its owner can read.
    pub(crate) fn key(&self, name: &str) {
        let line = "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out";
        self.openssl(&format!("{line} {name}.key"));
        self.chmod(&format!("{name}.key"), 0o600);
    }

    /// A certificate `name.pem` of the key `name.key`, by itself.
    pub(crate) fn self_signed(&self, name: &str, section: &str) {
        self.self_signed_as(name, section, &format!("/O={name}"));
    }

    /// The same with another subject.
    pub(crate) fn self_signed_as(&self, name: &str, section: &str, subject: &str) {
        let files = format!("-key {name}.key -out {name}.pem");
        self.openssl(&format!(
            "req -x509 -new -days 30 {files} -subj {subject} -extensions {section}"
        ));
    }

    /// A key and a root, by itself.
    pub(crate) fn root(&self, name: &str) {
        self.key(name);
        self.self_signed(name, "root");
    }

    /// A key and a certificate, by the root `issuer`.
    pub(crate) fn signed(&self, name: &str, section: &str, issuer: &str) {
        self.key(name);
        self.openssl(&format!("req -new -key {name}.key -subj /O={name} -out {name}.csr"));
        let by = format!("-CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial -days 10");
        let as_what = format!("-extfile openssl.cnf -extensions {section}");
        self.openssl(&format!("x509 -req -in {name}.csr {by} {as_what} -out {name}.pem"));
    }

    /// A bundle in the directory `name`, with a leaf of this section by a new root.
    pub(crate) fn foreign_bundle(&self, name: &str, section: &str) {
        let (root, leaf) = (format!("{name}-root"), format!("{name}-leaf"));
        self.root(&root);
        self.signed(&leaf, section, &root);
        for (from, to) in [
            (format!("{root}.pem"), "root-cert.pem"),
            (format!("{leaf}.pem"), "cert-chain.pem"),
            (format!("{leaf}.key"), "key.pem"),
        ] {
            self.write(&format!("{name}/{to}"), self.read(&from));
        }
    }
}
