//! One profile: its name, its deprecation, and the sections of `API`.

use std::sync::Arc;

use super::{
    Context, certificate, data, fips, groth16,
    read::{Field, FieldMap, quote},
    report::Report,
    settings::{LIBRARIES, Settings},
    sign_data,
    tree::Position,
};
use crate::{
    algorithm::HashAlgorithm,
    policy::{
        Capabilities, Requirement,
        profile::{CryptoLibrary, Deprecation, HashDataRule, Profile},
    },
};

/// The longest name of a profile in bytes, which is also the limit of the wire format.
pub(super) const MAX_NAME: usize = 64;

/// The longest output of an extendable-output function in bytes. FIPS 202 sets no limit; this one is far above
/// every use as a hash, and its hexadecimal form, which is twice as long, fits into a response.
const MAX_OUTPUT_LENGTH: u32 = 64 << 10;

/// The longest reason for a deprecation in bytes, which every response carries.
const MAX_REASON: usize = 1024;

/// Reads one profile. Returns it with the position of its name.
pub(super) fn profile(
    field: &Field<'_>,
    settings: Settings,
    context: Context<'_>,
    report: &mut Report,
) -> Option<(Profile, Position)> {
    let section = field.field_map(&["Name", "CryptoLibrary", "Settings", "Deprecation", "API"], report)?;
    let name = name(&section, report);
    let library = library(&section, settings, report);
    let deprecation = match section.non_empty("Deprecation", report) {
        Some(field) => deprecation(field, settings.enforce_sunset, report).map(Some),
        None => Some(None),
    };
    let names = ["HashData", "SignCertificate", "SignData", "EncryptData", "KEM", "Groth16"];
    let api = section.require("API", report)?.field_map(&names, report)?;
    let is_used =
        |key: &&str| api.field(key).is_some_and(|field| reason_to_ignore(key, field, report).is_none());
    if !names.iter().any(is_used) {
        let message = format!("must have at least one section; the sections are {}", names.join(", "));
        report.error(api.at, &api.path, message);
    }
    let hash_data = read_section(&api, "HashData", report, hash_data);
    let sign_certificate = read_section(&api, "SignCertificate", report, certificate::sign_certificate);
    let sign_data = read_section(&api, "SignData", report, sign_data::sign_data);
    let encrypt_data = read_section(&api, "EncryptData", report, data::encrypt_data);
    let kem = read_section(&api, "KEM", report, data::kem);
    let groth16 = read_section(&api, "Groth16", report, |field, report| {
        groth16::groth16(field, context.folder, report)
    });
    let (name, name_at) = name?;
    let profile = Profile {
        name: name.into(),
        line: field.at.line,
        library: library?,
        deprecation: deprecation?,
        hash_data,
        sign_certificate,
        sign_data,
        encrypt_data,
        kem,
        groth16,
    };
    check_supported(&profile, &api, context.capabilities, report);
    if settings.fips {
        fips::report_unapproved(&profile, &section, &api, report);
    }
    Some((profile, name_at))
}

/// Checks that the profile's library can serve its sections.
fn check_supported(profile: &Profile, api: &FieldMap<'_>, capabilities: Capabilities, report: &mut Report) {
    for section in profile.sections() {
        let requirement = Requirement { library: profile.library, section };
        if let (Some(unsupported), Some(field)) =
            ((capabilities.unsupported)(&requirement), api.field(section.name()))
        {
            field.raw_entry(unsupported.key).as_ref().unwrap_or(field).error(unsupported.message, report);
        }
    }
}

/// Reads a section of `API` with `read`. Returns `None` for a section that is absent, ignored or invalid; the
/// error in an invalid section makes the whole document invalid.
fn read_section<'a, T>(
    api: &FieldMap<'a>,
    key: &str,
    report: &mut Report,
    read: impl Fn(&Field<'a>, &mut Report) -> Option<T>,
) -> Option<Arc<T>> {
    let field = api.field(key)?;
    if let Some(message) = reason_to_ignore(key, field, report) {
        field.key_error_if_strict(message, report);
        return None;
    }
    read(field, report).map(Arc::new)
}

/// Returns the reason why a lenient reading ignores a section of `API`, as the Go broker does; it is also the message of
/// the warning. The operations of an ignored section are forbidden. A strict reading ignores no section.
fn reason_to_ignore(key: &str, field: &Field<'_>, report: &Report) -> Option<&'static str> {
    if !report.is_lenient() {
        None
    } else if field.has_no_values() {
        Some("is empty and ignored")
    } else if key == "SignData" && sign_data::is_without_mode(field) {
        Some("has no SigningMode and is ignored: this profile signs no data")
    } else {
        None
    }
}

fn name<'a>(section: &FieldMap<'a>, report: &mut Report) -> Option<(&'a str, Position)> {
    let field = section.require("Name", report)?;
    let name = field.printable_text(MAX_NAME, report)?;
    if name.trim() != name {
        field.error_if_strict("must not start or end with a space", report);
    }
    Some((name, field.node.at))
}

/// Reads `CryptoLibrary` or `Settings.CryptoLibrary` of the profile. The default is the library of the document.
fn library(section: &FieldMap<'_>, settings: Settings, report: &mut Report) -> Option<CryptoLibrary> {
    let own = section.non_empty("CryptoLibrary", report);
    let inner = match section.non_empty("Settings", report) {
        Some(field) => Some(field.field_map(&["CryptoLibrary"], report)?),
        None => None,
    };
    let nested = inner.as_ref().and_then(|inner| inner.non_empty("CryptoLibrary", report));
    if let (Some(_), Some(nested)) = (own, nested) {
        nested.key_error("the profile already sets `CryptoLibrary`; remove one of the two keys", report);
    }
    match own.or(nested) {
        Some(field) => field.choice_ignoring_case(&LIBRARIES, report),
        None => Some(settings.library),
    }
}

fn deprecation(field: &Field<'_>, enforce: bool, report: &mut Report) -> Option<Deprecation> {
    let section = field.field_map(&["ReplacedBy", "DeprecatedSince", "RemoveAfter", "Reason"], report)?;
    let mut deprecation = Deprecation { line: section.at.line, ..Deprecation::default() };
    if let Some(field) = section.non_empty("ReplacedBy", report) {
        deprecation.replaced_by = field.printable_text(MAX_NAME, report).map(str::to_owned);
    }
    if let Some(field) = section.non_empty("DeprecatedSince", report) {
        deprecation.deprecated_since = date(field, false, report).map(|(text, _)| text);
    }
    if let Some(field) = section.non_empty("RemoveAfter", report)
        && let Some((text, sunset)) = date(field, enforce, report)
    {
        deprecation.remove_after = Some(text);
        deprecation.sunset = Some(sunset);
        deprecation.enforce_sunset = enforce;
    }
    if let Some(field) = section.non_empty("Reason", report) {
        deprecation.reason = field.printable_text(MAX_REASON, report).map(str::to_owned);
    }
    Some(deprecation)
}

/// Reads a day (`2028-01-01`) or an instant (`2028-01-01T12:00:00Z`, RFC 3339), and returns it with the first
/// second after it, in Unix seconds. A day ends at midnight UTC. The Go broker does not validate dates, so that
/// an invalid date is an error in a lenient reading only if it is to be enforced.
fn date(field: &Field<'_>, enforce: bool, report: &mut Report) -> Option<(String, i64)> {
    let text = field.text(report)?;
    // jiff parses more of ISO 8601 than people expect in a profile, so the form is restricted to that of RFC 3339.
    let well_formed =
        text.is_ascii() && text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(7) == Some(&b'-');
    let after = match text.len() {
        10 if well_formed => text
            .parse::<jiff::civil::Date>()
            .and_then(jiff::civil::Date::tomorrow)
            .and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC))
            .map(|midnight| midnight.timestamp().as_second())
            .ok(),
        20..=40 if well_formed => text.parse::<jiff::Timestamp>().map(|instant| instant.as_second() + 1).ok(),
        _ => None,
    };
    if after.is_none() {
        let message =
            format!("{} is not a date; write `2028-01-01` or `2028-01-01T12:00:00Z` (RFC 3339)", quote(text));
        if enforce {
            field.error(message, report);
        } else {
            field.error_if_strict(message, report);
        }
    }
    Some((text.to_owned(), after?))
}

fn hash_data(field: &Field<'_>, report: &mut Report) -> Option<HashDataRule> {
    let section = field.field_map(&["HashAlg", "OutputLength"], report)?;
    let names = HashAlgorithm::ALL.map(|algorithm| (algorithm.name(), algorithm));
    let algorithm =
        section.require("HashAlg", report).and_then(|field| field.choice_ignoring_case(&names, report));
    let length = section.non_empty("OutputLength", report);
    if let (Some(length), Some(algorithm)) = (length, algorithm)
        && !algorithm.is_extendable()
    {
        let name = algorithm.name();
        let message =
            format!("only shake-128 and shake-256 take an output length; the length of {name} is fixed");
        length.key_error(message, report);
        return None;
    }
    let length = match length {
        Some(field) => Some(usize::try_from(field.integer_in(1..=MAX_OUTPUT_LENGTH, report)?).ok()?),
        None => None,
    };
    let algorithm = algorithm?;
    Some(HashDataRule {
        algorithm,
        output_length: length.unwrap_or(algorithm.default_output_length()),
        line: section.at.line,
    })
}
