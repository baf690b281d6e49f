//! Generates the `Shape` of a message: its repeated fields.

use std::error::Error;

use protox::prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::describe::snake;

/// Returns the code of a message's shape. With `streamed`, the paths of fields begin inside the messages of its `oneof`s,
/// which are the header of a stream or the operation of a pipeline's item.
pub(super) fn shape(message: &MessageDescriptor, streamed: bool) -> Result<String, Box<dyn Error>> {
    let mut slots = 0;
    let fields = fields(message, &[], streamed, &mut vec![message.full_name().to_owned()], &mut slots)?;
    Ok(format!("Shape {{ slots: {slots}, fields: &[{fields}] }}"))
}

fn fields(
    message: &MessageDescriptor,
    path: &[String],
    streamed: bool,
    enclosing: &mut Vec<String>,
    slots: &mut usize,
) -> Result<String, Box<dyn Error>> {
    let mut code = String::new();
    for field in message.fields() {
        let mut path = path.to_vec();
        if !(streamed && field.containing_oneof().is_some() && matches!(field.kind(), Kind::Message(_))) {
            path.push(snake(field.name()));
        }
        let repeated = match elements(&field) {
            Some(elements) => {
                let slot = *slots;
                *slots += 1;
                format!(
                    "Some(Repeated {{ name: {:?}, slot: {slot}, elements: Elements::{elements} }})",
                    path.join(".")
                )
            }
            None => "None".to_owned(),
        };
        let inner = match field.kind() {
            Kind::Message(inner) => {
                if enclosing.iter().any(|name| name == inner.full_name()) {
                    return Err(format!(
                        "{} contains itself, so the depth of its fields is unbounded",
                        inner.full_name()
                    )
                    .into());
                }
                enclosing.push(inner.full_name().to_owned());
                let inner = fields(&inner, &path, false, enclosing, slots)?;
                enclosing.pop();
                inner
            }
            _ => String::new(),
        };
        // Other fields are skipped as a whole.
        if repeated != "None" || !inner.is_empty() {
            let number = field.number();
            code += &format!("Field {{ number: {number}, repeated: {repeated}, fields: &[{inner}] }}, ");
        }
    }
    Ok(code)
}

/// Returns how the elements of a field are counted; `None` where it is not repeated.
fn elements(field: &FieldDescriptor) -> Option<&'static str> {
    if !field.is_list() && !field.is_map() {
        return None;
    }
    Some(match field.kind() {
        // A parser accepts packed and unpacked numbers, whatever the declaration.
        Kind::Int32
        | Kind::Int64
        | Kind::Uint32
        | Kind::Uint64
        | Kind::Sint32
        | Kind::Sint64
        | Kind::Bool
        | Kind::Enum(_) => "Varints",
        Kind::Fixed32 | Kind::Sfixed32 | Kind::Float => "Fixed(4)",
        Kind::Fixed64 | Kind::Sfixed64 | Kind::Double => "Fixed(8)",
        Kind::String | Kind::Bytes | Kind::Message(_) => "One",
    })
}
