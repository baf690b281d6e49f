//! URLs that readers of a document or of a certificate can dereference.

use super::{
    read::{Field, quote},
    report::Report,
};
use crate::request::check_http_url;

/// The longest URL in bytes, which is also the limit of a URL in a request.
const MAX_URL: usize = 2048;

/// Reads an http or https URL with a host.
pub(super) fn http_url(field: &Field<'_>, report: &mut Report) -> Option<String> {
    let text = field.printable_text(MAX_URL, report)?;
    match check_http_url(text) {
        Ok(()) => Some(text.to_owned()),
        Err(fault) => {
            let message = format!("{} is not an http or https URL with a host{fault}", quote(text));
            field.error(message, report);
            None
        }
    }
}
