//! Determines which fields and messages contain a secret.

use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor, Value};

use crate::public::{FIELDS, FOREIGN};

/// How a field is declared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Secret,
    Public,
    /// The field is not declared and is treated as a secret.
    Undeclared,
}

/// Returns the declaration of a field; `None` where that depends on the message in the field.
pub(super) fn class(field: &FieldDescriptor) -> Option<Class> {
    let options = field.options();
    if options.has_field_by_name("debug_redact") {
        let secret = options.get_field_by_name("debug_redact").as_deref() == Some(&Value::Bool(true));
        return Some(if secret { Class::Secret } else { Class::Public });
    }
    match field.kind() {
        Kind::Message(message) if FOREIGN.contains(&message.full_name()) => Some(Class::Public),
        Kind::Message(_) => None,
        _ if is_listed(field) => Some(Class::Public),
        _ => Some(Class::Undeclared),
    }
}

fn is_listed(field: &FieldDescriptor) -> bool {
    FIELDS.iter().any(|(message, fields)| {
        *message == field.parent_message().full_name() && fields.contains(&field.name())
    })
}

/// Reports whether a message, or one inside it, has a field that is not declared to be public.
pub(super) fn has_secret(message: &MessageDescriptor) -> bool {
    fn walk(message: &MessageDescriptor, seen: &mut Vec<String>) -> bool {
        if seen.iter().any(|name| name == message.full_name()) {
            return false;
        }
        seen.push(message.full_name().to_owned());
        message.fields().any(|field| match (class(&field), field.kind()) {
            (Some(class), _) => class != Class::Public,
            (None, Kind::Message(inner)) => walk(&inner, seen),
            (None, _) => true,
        })
    }
    walk(message, &mut Vec::new())
}

/// Reports whether the content of a field contains a secret.
pub(super) fn field_has_secret(field: &FieldDescriptor) -> bool {
    match (class(field), field.kind()) {
        (Some(class), _) => class != Class::Public,
        (None, Kind::Message(message)) => has_secret(&message),
        (None, _) => true,
    }
}

/// Returns the entries of the list of public fields that name no field, or a secret one.
pub(super) fn stale(pool: &DescriptorPool) -> Vec<String> {
    let is_public = |message: &str, field: &str| {
        let message = pool.get_message_by_name(message);
        let field = message.and_then(|message| message.get_field_by_name(field));
        field.is_some_and(|field| class(&field) == Some(Class::Public))
    };
    let all = FIELDS.iter().flat_map(|(message, fields)| fields.iter().map(move |field| (*message, *field)));
    all.filter(|(message, field)| !is_public(message, field))
        .map(|(message, field)| format!("{message}.{field}"))
        .collect()
}
