//! The server's binary has one AWS-LC in it: plain, or with the feature `fips` the FIPS module.
#![allow(clippy::unwrap_used)]

use memchr::memmem;

/// How often one of `prefixes` stands in the binary.
fn count(binary: &[u8], prefixes: &[String]) -> usize {
    prefixes.iter().map(|prefix| memmem::find_iter(binary, prefix).count()).sum()
}

#[test]
fn no_second_copy_is_linked() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_cryptobroker-server")).unwrap();
    // The two crates prefix the symbols of their library with their names and versions; a binary without symbols has the
    // library's version in its data, a string of C like any other.
    let digits = || (0..10).map(|digit| digit.to_string());
    let plain: Vec<String> =
        digits().map(|d| format!("aws_lc_{d}")).chain(digits().map(|d| format!("\0AWS-LC {d}"))).collect();
    let fips = ["aws_lc_fips_".to_owned(), "\0AWS-LC FIPS ".to_owned()];
    let (own, other) = if cfg!(feature = "fips") { (&fips[..], &plain[..]) } else { (&plain[..], &fips[..]) };
    assert!(count(&binary, own) > 0, "{own:?}");
    assert_eq!(count(&binary, other), 0, "{other:?}");
}
