//! Where the repeated fields of a message are, as the code of a `Shape`.

use std::error::Error;

use protox::prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::describe::snake;

/// The code of a message's shape. With `streamed` the fields of the messages in its `oneof`s are named as if those were
/// the request: the header of a stream, an item of a pipeline.
pub(super) fn shape(message: &MessageDescriptor, streamed: bool) -> Result<String, Box<dyn Error>> {
    let mut slots = 0;
    let fields = fields(message, &[], streamed, &mut vec![message.full_name().to_owned()], &mut slots)?;
    Ok(format!("Shape {{ slots: {slots}, fields: &[{fields}] }}"))
}

fn fields(
    message: &MessageDescriptor,
    path: &[String],
    streamed: bool,
    around: &mut Vec<String>,
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
                if around.iter().any(|name| name == inner.full_name()) {
                    return Err(format!("{} holds itself: nothing bounds how deep", inner.full_name()).into());
                }
                around.push(inner.full_name().to_owned());
                let inner = fields(&inner, &path, false, around, slots)?;
                around.pop();
                inner
            }
            _ => String::new(),
        };
        // What has no repeated field in it is passed over as a whole.
        if repeated != "None" || !inner.is_empty() {
            let number = field.number();
            code += &format!("Field {{ number: {number}, repeated: {repeated}, fields: &[{inner}] }}, ");
        }
    }
    Ok(code)
}

/// How the elements of a repeated field are counted; `None` where it is not repeated.
fn elements(field: &FieldDescriptor) -> Option<&'static str> {
    if !field.is_list() && !field.is_map() {
        return None;
    }
    Some(match field.kind() {
        // A parser takes numbers packed and one by one, whatever is declared.
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
