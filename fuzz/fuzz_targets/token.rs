//! Text as a join token, as a key's file, as the pod that a token is made for, and as the files of
//! the administrators: what is accepted is what was made, and nothing stops the program.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use marathon_inject::citadel::attest::{Policy, TokenList};
use marathon_inject::identity::{Claim, JoinKey, JoinToken, Nonce, Task, TrustDomain};

const KEY: &str = "v1.Zm9vYmFy.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

static KEYS: LazyLock<[JoinKey; 1]> = LazyLock::new(|| [JoinKey::parse(KEY).expect("it is a key")]);

fuzz_target!(|text: &str| {
    let token = JoinToken::new(text);
    if let Ok(Claim { pod, nonce }) = token.check(&*KEYS) {
        assert_eq!(KEYS[0].token(&pod, &nonce).expose(), text);
    }
    if let Ok(key) = JoinKey::parse(text) {
        assert_eq!(key.to_text().trim_end(), text.trim_end());
    }
    if let Ok(task) = Task::new(text, "any") {
        let nonce = Nonce::random().expect("there is randomness");
        let claim = Claim { pod: task.pod().to_owned(), nonce: nonce.clone() };
        assert_eq!(KEYS[0].token(text, &nonce).check(&*KEYS), Ok(claim));
    }
    let domain = TrustDomain::default();
    for fault in [Policy::parse(text, &domain).err(), TokenList::parse(text, &domain).err()] {
        assert!(fault.is_none_or(|fault| fault.line >= 1 && fault.column >= 1));
    }
});
