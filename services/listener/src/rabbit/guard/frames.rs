//! Frames of AMQP 0-9-1, looked at one by one.
//!
//! What anybody may publish, and RabbitMQ passes on unread, the client library may be unable to read: properties that
//! are no properties, a routing key that is no UTF-8. It gives the whole connection up, on every attempt, and all that
//! is in the queue behind such a message waits for ever. Here it is made readable. Properties become a header with their
//! bytes, by which the message goes to the dead letters. A routing key gets a `?` for each byte that is not ASCII, and
//! its message is stored: no key is a part of an entry.

use std::ops::Range;

use lapin::protocol::basic::parse_properties;

use crate::message::UNREADABLE;

/// Number of bytes that are kept of what can't be read.
// Bounded: the frame must not become longer than was agreed on.
const KEPT: usize = 1024;

/// The longest frame until RabbitMQ says otherwise.
// RabbitMQ's default.
const LONGEST: usize = 128 * 1024;

/// Type, channel and length in front of a frame's payload, and the octet after it.
const HEAD: usize = 7;
const AROUND: usize = HEAD + 1;
const END: u8 = 0xce;

/// Types of frames.
const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;
const HEARTBEAT: u8 = 8;

/// Class and method.
const TUNE: [u8; 4] = [0, 10, 0, 30];
const DELIVER: [u8; 4] = [0, 60, 0, 60];

/// Class, weight and the body's size, in front of the properties.
const BEFORE_PROPERTIES: usize = 12;

/// The flag of the property `headers`.
// Flags count down from bit 15: content-type, content-encoding, headers.
const HEADERS: u16 = 1 << 13;

/// Bytes that came and are not yet a whole frame.
#[derive(Debug)]
pub(super) struct Frames {
    came: Vec<u8>,
    longest: usize,
    /// True once the stream is not made of frames: the library has to say so.
    as_it_is: bool,
}

/// A frame of a length that was not agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {length} bytes, where {longest} are the most")]
pub(super) struct TooLong {
    length: usize,
    longest: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self { came: Vec::new(), longest: LONGEST, as_it_is: false }
    }
}

impl Frames {
    /// Takes what came, and appends every frame that is whole to `out`.
    pub(super) fn pass(&mut self, came: &[u8], out: &mut Vec<u8>) -> Result<(), TooLong> {
        self.came.extend_from_slice(came);
        let mut passed = 0;
        while let Some(length) = self.whole(passed)? {
            let frame = &self.came[passed..passed + length];
            if let Some(longest) = tuned(frame) {
                self.longest = longest;
            }
            repair(frame, out);
            passed += length;
        }
        if self.as_it_is {
            out.extend_from_slice(&self.came[passed..]);
            passed = self.came.len();
        }
        self.came.drain(..passed);
        Ok(())
    }

    /// The length of the frame in front, once it is whole.
    fn whole(&mut self, passed: usize) -> Result<Option<usize>, TooLong> {
        let came = &self.came[passed..];
        // RabbitMQ answers a version that it does not speak with `AMQP` and its own, which is no frame.
        let known = came.first().is_none_or(|kind| [METHOD, HEADER, BODY, HEARTBEAT].contains(kind));
        self.as_it_is |= !known;
        let (false, Some(payload)) = (self.as_it_is, number(came, 3)) else { return Ok(None) };
        let length = payload as usize + AROUND;
        // At once: the library would wait for the rest, on a connection that heartbeats keep alive.
        if length > self.longest {
            return Err(TooLong { length, longest: self.longest });
        }
        Ok((came.len() >= length).then_some(length))
    }
}

/// Appends a frame as the library can read it.
fn repair(frame: &[u8], out: &mut Vec<u8>) {
    let (head, payload) = (&frame[..HEAD], &frame[HEAD..frame.len() - 1]);
    match head[0] {
        // Its length is wrong, and so is what seems to be in it.
        _ if !frame.ends_with(&[END]) => out.extend_from_slice(frame),
        HEADER if has_unreadable_properties(payload) => out.extend(marked(head, payload)),
        METHOD if payload.starts_with(&DELIVER) => {
            let begin = out.len() + HEAD;
            out.extend_from_slice(frame);
            if let Some(key) = routing_key(payload)
                && std::str::from_utf8(&payload[key.clone()]).is_err()
            {
                // Byte for byte, so that no length in the frame changes.
                let bytes = out[begin..][key].iter_mut();
                bytes.filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
            }
        }
        _ => out.extend_from_slice(frame),
    }
}

fn has_unreadable_properties(payload: &[u8]) -> bool {
    payload
        .get(BEFORE_PROPERTIES..)
        .is_some_and(|properties| !matches!(parse_properties(properties), Ok((rest, _)) if rest.is_empty()))
}

/// A header's frame with the properties' bytes in place of the properties.
fn marked(head: &[u8], payload: &[u8]) -> Vec<u8> {
    let (before, properties) = payload.split_at(BEFORE_PROPERTIES);
    // The type of a long string in tables.
    let mut text = vec![b'S'];
    append(&mut text, &properties[..properties.len().min(KEPT)]);
    let name = UNREADABLE.as_bytes();
    let mut table = vec![u8::try_from(name.len()).unwrap_or(u8::MAX)];
    table.extend([name, &text].concat());
    let mut payload = before.to_vec();
    payload.extend(HEADERS.to_be_bytes());
    append(&mut payload, &table);
    // Type and channel stay; the length is another.
    let mut frame = head[..3].to_vec();
    append(&mut frame, &payload);
    frame.push(END);
    frame
}

/// Appends bytes with their length in front.
fn append(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    to.extend(bytes);
}

/// The longest frame that a `connection.tune` allows; 0 is as long as a frame can be.
fn tuned(frame: &[u8]) -> Option<usize> {
    let payload = &frame[HEAD..];
    // Behind `channel-max`, which has two bytes.
    let longest =
        number(payload, TUNE.len() + 2).filter(|_| frame[0] == METHOD && payload.starts_with(&TUNE))?;
    Some(if longest == 0 { u32::MAX as usize + AROUND } else { longest as usize })
}

/// Finds the routing key in the payload of a delivery.
fn routing_key(payload: &[u8]) -> Option<Range<usize>> {
    let consumer = short_string(payload, DELIVER.len())?;
    // The delivery's tag, and whether it is a redelivery.
    let exchange = short_string(payload, consumer.end + 9)?;
    short_string(payload, exchange.end)
}

/// Finds the text of a short string that begins at `at` with its length.
fn short_string(payload: &[u8], at: usize) -> Option<Range<usize>> {
    let begin = at + 1;
    let end = begin + usize::from(*payload.get(at)?);
    (end <= payload.len()).then_some(begin..end)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use lapin::types::ShortString;
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![kind, 0, 1];
        append(&mut frame, payload);
        frame.push(END);
        frame
    }

    fn header(properties: &[u8]) -> Vec<u8> {
        frame(HEADER, &[&[0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5], properties].concat())
    }

    fn delivery(routing_key: &[u8]) -> Vec<u8> {
        let short = |text: &[u8]| [&[u8::try_from(text.len()).unwrap()], text].concat();
        let tag = [0, 0, 0, 0, 0, 0, 0, 1, 0];
        frame(METHOD, &[&DELIVER[..], &short(b"tag"), &tag, &short(b"logs"), &short(routing_key)].concat())
    }

    fn passed(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Frames::default().pass(bytes, &mut out).unwrap();
        out
    }

    /// A message's id of these bytes, as properties.
    fn message_id(id: &[u8]) -> Vec<u8> {
        [&[0, 0x80, u8::try_from(id.len()).unwrap()], id].concat()
    }

    #[test]
    fn properties_that_can_not_be_read_become_a_header() {
        let properties = message_id(b"a\xff");
        let repaired = passed(&header(&properties));
        let (rest, read) = parse_properties(&repaired[HEAD + BEFORE_PROPERTIES..repaired.len() - 1]).unwrap();
        assert!(rest.is_empty() && repaired.ends_with(&[END]));
        let headers = read.headers().clone().unwrap();
        let told = headers.inner().get(&ShortString::from(UNREADABLE)).unwrap().as_long_string().unwrap();
        assert_eq!(told.as_bytes(), properties);
        assert_eq!(repaired[HEAD..HEAD + BEFORE_PROPERTIES], header(&[])[HEAD..HEAD + BEFORE_PROPERTIES]);
        // What is left of the longest is still a frame.
        assert!(passed(&header(&vec![0xff; 100_000])).len() < 2 * KEPT);
    }

    #[test]
    fn a_frame_with_a_wrong_end_goes_on_as_it_is() {
        let mut wrong = header(&message_id(b"\xff"));
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(passed(&wrong), wrong);
    }

    #[test]
    fn a_routing_key_that_is_no_text_becomes_one() {
        assert_eq!(passed(&delivery(b"log.\xffO")), delivery(b"log.?O"));
        assert_eq!(passed(&delivery("log.ä".as_bytes())), delivery("log.ä".as_bytes()));
    }

    #[test]
    fn a_length_that_was_not_agreed_on_is_an_error_at_once() {
        let tune = frame(METHOD, &[&TUNE[..], &[0, 9], &2000u32.to_be_bytes(), &[0, 2]].concat());
        let (mut frames, mut out) = (Frames::default(), Vec::new());
        frames.pass(&frame(BODY, &[0; 3000]), &mut out).unwrap();
        frames.pass(&tune, &mut out).unwrap();
        frames.pass(&frame(BODY, &[0; 1992]), &mut out).unwrap();
        let error = frames.pass(&frame(BODY, &[0; 1993])[..HEAD], &mut out);
        assert_eq!(error, Err(TooLong { length: 2001, longest: 2000 }));
    }

    #[test]
    fn what_is_no_frame_goes_on_as_it_is() {
        let bytes = [&delivery(b"log.INFO")[..], b"AMQP\0\0\x09\x01", &[1, 2]].concat();
        assert_eq!(passed(&bytes), bytes);
    }

    proptest! {
        #[test]
        fn however_it_comes_the_same_goes_on(
            ids in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..8), 1..8),
            cuts in prop::collection::vec(1usize..40, 1..60),
        ) {
            let bytes: Vec<u8> = ids.iter().flat_map(|id| {
                [delivery(id), header(&message_id(id)), frame(BODY, id), frame(HEARTBEAT, &[])].concat()
            }).collect();
            let (mut frames, mut out, mut rest) = (Frames::default(), Vec::new(), &bytes[..]);
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at(rest.len().min(*cut));
                frames.pass(now, &mut out).unwrap();
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(&out, &passed(&bytes));
            if ids.iter().all(|id| std::str::from_utf8(id).is_ok()) {
                prop_assert_eq!(out, bytes);
            }
        }

        #[test]
        fn nothing_that_comes_is_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0u8..9) {
            let _ = Frames::default().pass(&bytes, &mut Vec::new());
            let mut out = Vec::new();
            Frames::default().pass(&frame(kind, &bytes), &mut out).unwrap();
            Frames::default().pass(&frame(METHOD, &[&DELIVER[..], &bytes].concat()), &mut out).unwrap();
            Frames::default().pass(&frame(METHOD, &[&TUNE[..], &bytes].concat()), &mut out).unwrap();
        }
    }
}
