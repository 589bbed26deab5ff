//! The way to a new root while the service serves.

use std::time::Duration;

use marathon_inject::identity::x509::{Certificate, check_path};
use rustix::process::Signal;
use time::OffsetDateTime;
use tonic::Code;

use crate::client::{Client, Proof, next};
use crate::requests::csr;
use crate::site::{DEFAULT, Site, eventually};
use crate::tls::shown;

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn agents_hear_of_a_new_root_at_once_and_of_the_end_of_the_old_one() {
    let site = Site::new();
    let service = site.serve("");
    let before = site.roots();
    let mut stream = service.dial().client().await.roots().await;
    assert_eq!(next(&mut stream).await, Some(before.clone()));
    site.done("rotate-root prepare --dir ca");
    let both = site.roots();
    assert_eq!(both.len(), 2);
    assert_eq!(next(&mut stream).await, Some(both));
    site.done("rotate-root activate --dir ca --force");
    let turned = next(&mut stream).await.unwrap();
    assert_eq!(turned, site.roots());
    site.done("rotate-root retire --dir ca --force");
    let after = next(&mut stream).await.unwrap();
    assert_eq!(after, site.roots());
    assert!(after.len() == 1 && after != before);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_no_moment_of_a_rotation_somebody_is_cut_off_who_follows_it() {
    let site = Site::new();
    let service = site.serve("");
    let old = site.roots();
    let identity = site.identity(DEFAULT, None, HOUR);
    let renewing = service.dial().showing(&identity).client().await;
    site.done("rotate-root prepare --dir ca");
    assert_signed_by(&renewing, &old).await;
    site.done("rotate-root activate --dir ca --force");
    let new = site.roots()[..1].to_vec();
    until_signed_by(&renewing, &new).await;
    // Who knows the old root alone can still come, until that is given up.
    assert_eq!(shown(&service.dial()).await[1..], old);
    let late = service.dial().showing(&identity).client().await;
    assert_signed_by(&late, &new).await;
    site.done("rotate-root retire --dir ca --force");
    eventually("the service has a certificate of the new root", || {
        let dial = service.dial().trusting(&new);
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(dial.shake()).ok()
        })
    });
    // What is of the old root is worth nothing any more, on old connections too.
    let refused = renewing.leaf(&csr(None), Proof::NONE).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    let renewed = site.identity(DEFAULT, None, HOUR);
    let client = service.dial().trusting(&new).showing(&renewed).client().await;
    assert_signed_by(&client, &new).await;
}

async fn assert_signed_by(client: &Client, roots: &[Certificate]) {
    let leaf = client.leaf(&csr(None), Proof::NONE).await.unwrap();
    check_path(&leaf, &[], roots, OffsetDateTime::now_utc()).unwrap();
}

async fn until_signed_by(client: &Client, roots: &[Certificate]) {
    for _ in 0..2000 {
        let leaf = client.leaf(&csr(None), Proof::NONE).await.unwrap();
        if check_path(&leaf, &[], roots, OffsetDateTime::now_utc()).is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the new root does not sign");
}

#[tokio::test]
async fn a_signal_has_the_directory_read() {
    let site = Site::new();
    let service = site.serve("");
    let mut stream = service.dial().client().await.roots().await;
    next(&mut stream).await.unwrap();
    site.done("rotate-root prepare --dir ca");
    service.signal(Signal::HUP);
    assert_eq!(next(&mut stream).await, Some(site.roots()));
    let client = service.dial().client().await;
    client.leaf(&csr(None), Proof::token("token-0")).await.unwrap();
}
