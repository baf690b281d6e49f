#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use super::{FIPS, check, description, in_fips_mode};
use crate::backend::evp;

#[test]
fn safe_api_and_evp_module_use_one_library() {
    let (evp, safe) = (evp::library_version(), aws_lc_rs::awslc_version());
    assert!(evp.ends_with(&format!(" {safe}")), "{evp} and {safe}");
    assert_eq!(evp::fips_mode(), in_fips_mode());
    assert_eq!(in_fips_mode(), FIPS);
    assert_eq!(aws_lc_rs::fips_version().is_some(), FIPS);
    assert_eq!(description().contains("AWS-LC FIPS "), FIPS);
    assert_eq!(check(), Ok(()));
}
