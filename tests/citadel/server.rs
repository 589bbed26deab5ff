//! `citadel inspect HOST:PORT` shows the certificates of a server, whoever it is.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};

use crate::scratch::Scratch;

/// A CA with an intermediate, and the bundle `x.tgz` of it.
fn bundle() -> Scratch {
    let scratch = Scratch::new();
    scratch.citadel("init --intermediate").done();
    scratch.citadel("bundle -o x.tgz").done();
    scratch
}

/// Who may talk to a server.
#[derive(Clone, Copy)]
enum Clients {
    All,
    WithCertificate,
}

/// A server with the bundle `x.tgz`.
fn config(
    scratch: &Scratch,
    version: &'static SupportedProtocolVersion,
    clients: Clients,
) -> ServerConfig {
    let bundle = scratch.bundle("x.tgz");
    let certificates = |pem: &[u8]| -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().unwrap()
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(&bundle.root_cert));
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[version])
        .unwrap();
    let builder = match clients {
        Clients::All => builder.with_no_client_auth(),
        Clients::WithCertificate => builder.with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap(),
        ),
    };
    let key = PrivateKeyDer::from_pem_slice(&bundle.key).unwrap();
    builder.with_single_cert(certificates(&bundle.cert_chain), key).unwrap()
}

/// Answers one connection on a port of its own.
fn serve(answer: impl FnOnce(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || answer(listener.accept().unwrap().0));
    address
}

fn serve_tls(config: ServerConfig) -> SocketAddr {
    serve(move |mut stream| {
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        // Until the client hangs up, which needs no more than the certificates.
        while connection.complete_io(&mut stream).is_ok() {}
    })
}

#[test]
fn the_chain_of_a_server_is_shown() {
    let scratch = bundle();
    for version in [&TLS12, &TLS13] {
        let address = serve_tls(config(&scratch, version, Clients::All)).to_string();
        let told = scratch.citadel("inspect --pem").arg(address).done();
        assert_eq!(told.bytes, scratch.bundle("x.tgz").cert_chain);
    }
}

#[test]
fn a_server_that_demands_a_certificate_has_shown_its_own_by_then() {
    let scratch = bundle();
    for version in [&TLS12, &TLS13] {
        let address = serve_tls(config(&scratch, version, Clients::WithCertificate)).to_string();
        let told = scratch.citadel("inspect --pem").arg(address).done();
        assert_eq!(told.bytes, scratch.bundle("x.tgz").cert_chain);
    }
}

#[test]
fn a_server_is_shown_as_such_for_people_and_as_json() {
    let scratch = bundle();
    let address = serve_tls(config(&scratch, &TLS13, Clients::All)).to_string();
    let told = scratch.citadel("inspect").arg(&address).done();
    let told = told.shows(&format!("{address}: a server\ncertificates\n- subject   (none)\n"));
    told.shows("URI:spiffe://cluster.local/ns/default/sa/default (critical)");
    let address = serve_tls(config(&scratch, &TLS13, Clients::All)).to_string();
    let page = scratch.shown(&address);
    assert_eq!(page["kind"], "server");
    assert_eq!(page["sections"][0]["certificates"].as_array().unwrap().len(), 2);
}

#[test]
fn a_server_is_found_by_its_name() {
    let scratch = bundle();
    let port = serve_tls(config(&scratch, &TLS13, Clients::All)).port();
    scratch.citadel("inspect").arg(format!("localhost:{port}")).done().shows(": a server\n");
}

#[test]
fn a_file_whose_name_looks_like_a_servers_is_a_file() {
    let scratch = bundle();
    std::fs::rename(scratch.path("x.tgz"), scratch.path("localhost:443")).unwrap();
    scratch.citadel("inspect localhost:443").done().shows("localhost:443: a bundle\n");
}

#[test]
fn a_port_where_nobody_listens_is_told() {
    // The near end of a connection: nobody else gets its port, and nobody listens there.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let address = near.local_addr().unwrap().to_string();
    let told = Scratch::new().citadel("inspect").arg(&address).refused();
    told.says(&format!("{address}: Connection refused"));
}

#[test]
fn a_server_that_hangs_up_is_told() {
    let address = serve(drop).to_string();
    Scratch::new().citadel("inspect").arg(&address).refused().says(&format!("error: {address}: "));
}

#[test]
fn a_server_that_speaks_no_tls_is_told() {
    let address = serve(|mut stream| {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        // Until the client hangs up.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let told = Scratch::new().citadel("inspect").arg(address.to_string()).refused();
    told.says(&format!("error: {address}: "));
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    // The system accepts the connection, and nobody else does.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let told = Scratch::new().citadel("inspect").arg(&address).refused();
    told.says(&format!("{address}: no handshake within 5 seconds"));
}

#[test]
fn what_is_neither_a_server_nor_a_file_is_refused() {
    for name in ["localhost:0", "localhost:65536", "localhost:http", ":443", "a/b:443"] {
        let told = Scratch::new().citadel("inspect").arg(name).refused();
        told.says(&format!("{name}: No such file"));
    }
}
