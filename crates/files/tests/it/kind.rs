//! What is taken, and what is refused: each file with its one answer.

#[path = "../../../../fuzz/src/kind.rs"]
mod properties;
pub(crate) mod sample;

use natter_files::Refused;
use natter_files::kind::{BEGINNING_BYTES, TYPES_DEFAULT, Types, is_shown_inline};
use natter_protocol::ErrorCode;
use proptest::prelude::*;
use sample::{archive, bomb, hiding, ole, overlapping, stored};
use std::io::Write as _;
use tempfile::NamedTempFile;

#[test]
fn the_usual_files_are_taken_for_what_they_are() {
    let office = |main: &str| archive(&[("[Content_Types].xml", b"<Types/>"), (main, b"<x/>")]);
    let open_document = |kind: &str| {
        stored(&[
            ("mimetype", format!("application/vnd.oasis.opendocument.{kind}").as_bytes()),
            ("content.xml", b"<x/>"),
        ])
    };
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("boat.png", sample::png(), "image/png"),
        ("boat.JPG", sample::jpeg(), "image/jpeg"),
        ("boat.jpeg", sample::jpeg(), "image/jpeg"),
        ("boat.gif", sample::gif(), "image/gif"),
        ("boat.webp", sample::webp(), "image/webp"),
        ("paper.pdf", b"%PDF-1.7\n1 0 obj\n%%EOF\n".to_vec(), "application/pdf"),
        ("old.doc", ole("WordDocument"), "application/msword"),
        ("old.xls", ole("Workbook"), "application/vnd.ms-excel"),
        ("older.xls", ole("Book"), "application/vnd.ms-excel"),
        ("old.ppt", ole("PowerPoint Document"), "application/vnd.ms-powerpoint"),
        (
            "new.docx",
            office("word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            "new.xlsx",
            office("xl/workbook.xml"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (
            "new.pptx",
            office("ppt/presentation.xml"),
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
        ("free.odt", open_document("text"), "application/vnd.oasis.opendocument.text"),
        ("free.ods", open_document("spreadsheet"), "application/vnd.oasis.opendocument.spreadsheet"),
        ("free.odp", open_document("presentation"), "application/vnd.oasis.opendocument.presentation"),
        ("notes.txt", b"Harbour at noon.\n".to_vec(), "text/plain"),
        ("notes.txt", "Grüße aus Kiel".as_bytes().to_vec(), "text/plain"),
        ("from-excel.csv", b"Name;Preis\r\nK\xe4se;3,50 \x80\r\n".to_vec(), "text/csv"),
        ("readme.md", b"# Boats\n\n<p align=\"center\">They float.</p>\n".to_vec(), "text/markdown"),
        ("all.zip", archive(&[("a.txt", b"a"), ("b/c.txt", b"c")]), "application/zip"),
        ("empty.zip", stored(&[]), "application/zip"),
        ("nested.zip", archive(&[("inner.zip", &archive(&[("a.txt", b"a")]))]), "application/zip"),
        ("song.mp3", sample::mp3(0), "audio/mpeg"),
        ("tagged.mp3", sample::mp3(300), "audio/mpeg"),
        ("voice.ogg", sample::ogg(b"OpusHead"), "audio/ogg"),
        ("voice.opus", sample::ogg(b"OpusHead"), "audio/ogg"),
        ("voice.m4a", sample::mp4(b"M4A ", &[b"soun"]), "audio/mp4"),
        ("voice.mp4", sample::mp4(b"isom", &[b"soun"]), "audio/mp4"),
        ("film.mp4", sample::mp4(b"isom", &[b"soun", b"vide"]), "video/mp4"),
        ("film.mov", sample::mp4(b"qt  ", &[b"vide", b"soun"]), "video/quicktime"),
        ("voice.webm", sample::webm("webm", &["A_OPUS"]), "audio/webm"),
        ("film.webm", sample::webm("webm", &["V_VP9", "A_OPUS"]), "video/webm"),
        ("photo.avif", sample::mp4(b"avif", &[]), "image/avif"),
        ("photo.heic", sample::mp4(b"heic", &[]), "image/heic"),
        ("photo.HEIF", sample::mp4(b"mif1", &[]), "image/heic"),
        ("wave.wav", b"RIFF\x24\0\0\0WAVEfmt ".to_vec(), "audio/wav"),
        ("sound.flac", b"fLaC\0\0\0\x22".to_vec(), "audio/flac"),
    ];
    for (name, content, media_type) in table {
        let kind = check(name, &content).unwrap_or_else(|refused| panic!("{name}: {refused}"));
        assert_eq!(kind.media_type, media_type, "{name}");
    }
}

#[test]
fn every_type_of_the_default_list_has_a_check_of_its_own() {
    for extension in TYPES_DEFAULT.split(',') {
        // Nothing that is known here begins like this, so only what is not checked would be taken.
        let refused = check(&format!("file.{extension}"), b"\x00\x01\x02\x03 nothing at all").unwrap_err();
        assert_eq!(refused.code(), ErrorCode::FileTypeMismatch, "{extension}: {refused}");
    }
}

#[test]
fn what_is_not_what_its_name_says_is_refused() {
    let html = b"<!DOCTYPE html><script>alert(1)</script>".to_vec();
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
    let program = sample::windows_program();
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("page.png", html.clone(), "HTML"),
        ("page.txt", html.clone(), "HTML"),
        ("page.csv", [b"\xef\xbb\xbf \n".as_slice(), &html].concat(), "HTML"),
        ("page.pdf", html.clone(), "HTML"),
        ("drawing.png", svg.clone(), "an SVG picture"),
        ("drawing.txt", [b"<?xml version='1.0'?>\n".as_slice(), &svg].concat(), "an SVG picture"),
        ("feed.txt", b"<?xml version='1.0'?><rss/>".to_vec(), "XML"),
        ("invoice.pdf", program.clone(), "a program"),
        ("invoice.docx", program.clone(), "a program"),
        ("photo.jpg", program.clone(), "a program"),
        ("notes.txt", program, "a program"),
        ("tool.png", b"\x7fELF\x02\x01\x01".to_vec(), "a program"),
        ("tool.zip", b"\xcf\xfa\xed\xfe\x07\0\0\x01".to_vec(), "a program"),
        ("run.txt", b"#!/bin/sh\nrm -rf /\n".to_vec(), "a script"),
        ("shortcut.pdf", b"L\0\0\0\x01\x14\x02\0\0\0\0\0".to_vec(), "a program"),
        ("app.zip", archive(&[("META-INF/MANIFEST.MF", b""), ("Main.class", b"")]), "a program"),
        ("app.docx", archive(&[("AndroidManifest.xml", b""), ("classes.dex", b"")]), "a program"),
        ("photo.png", sample::jpeg(), "a JPEG picture"),
        ("photo.jpg", sample::png(), "a PNG picture"),
        ("paper.docx", archive(&[("a.txt", b"a")]), "a ZIP archive"),
        ("sheet.docx", archive(&[("[Content_Types].xml", b""), ("xl/workbook.xml", b"")]), "an Excel sheet"),
        (
            "macros.docx",
            archive(&[
                ("[Content_Types].xml", b""),
                ("word/document.xml", b""),
                ("word/vbaProject.bin", b""),
            ]),
            "an office document with macros",
        ),
        ("old.doc", ole("Workbook"), "a sheet of Excel 97"),
        ("installer.doc", ole("Property"), "a file in the container of older office documents"),
        ("locked.docx", ole("EncryptedPackage"), "a file in the container of older office documents"),
        ("film.m4a", sample::mp4(b"isom", &[b"vide"]), "an MP4 film"),
        ("photo.avif", sample::mp4(b"heic", &[]), "a HEIC picture"),
        ("film.webm", sample::webm("matroska", &["V_VP9"]), "nothing that is known here"),
        (
            "noise.mp3",
            b"\xff\xfb\x90\x00 one frame alone is found in any noise".to_vec(),
            "nothing that is known here",
        ),
        ("picture.mp3", sample::png(), "a PNG picture"),
        ("wide.txt", b"\xff\xfeh\0i\0".to_vec(), "nothing that is known here"),
        ("nul.txt", b"hello\0world".to_vec(), "nothing that is known here"),
    ];
    for (name, content, expected) in table {
        let refused = check(name, &content).expect_err(name);
        assert_eq!(refused.code(), ErrorCode::FileTypeMismatch, "{name}: {refused}");
        assert!(
            matches!(&refused, Refused::Mismatch { found, .. } if found == expected),
            "{name}: {refused}"
        );
    }
}

#[test]
fn much_of_what_is_refused_is_told_by_its_beginning() {
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("photo.jpg", sample::windows_program(), "a program"),
        ("tool.png", b"\x7fELF\x02\x01\x01".to_vec(), "a program"),
        ("photo.png", sample::jpeg(), "a JPEG picture"),
        ("film.mp4", sample::webm("webm", &["V_VP9"]), "a WebM film"),
        ("photo.png", archive(&[("a.txt", b"a")]), "a ZIP archive"),
        ("page.png", b"<!DOCTYPE html><p>".to_vec(), "HTML"),
        ("drawing.txt", b"<svg onload='alert(1)'/>".to_vec(), "an SVG picture"),
        ("run.txt", b"#!/bin/sh\n".to_vec(), "a script"),
        ("notes.txt", b"hello\0world".to_vec(), "nothing that is known here"),
        ("noise.pdf", b"\0\0\0\0".to_vec(), "nothing that is known here"),
    ];
    for (name, beginning, expected) in table {
        let refused = Types::default().check_beginning(name, &beginning).expect_err(name);
        assert!(
            matches!(&refused, Refused::Mismatch { found, .. } if found == expected),
            "{name}: {refused}"
        );
    }
}

#[test]
fn what_is_two_things_at_once_is_refused() {
    let with = |file: &[u8], more: &[u8]| [file, more].concat();
    let zip = archive(&[("Main.class", b"x")]);
    let markup = b"<script>alert(1)</script>";
    let pdf = b"%PDF-1.4 ...";
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("archive.png", with(&sample::png(), &zip), "a file that is a ZIP archive too"),
        ("archive.jpg", with(&sample::jpeg(), &zip), "a file that is a ZIP archive too"),
        ("gifar.gif", with(&sample::gif(), &zip), "a file that is a ZIP archive too"),
        ("archive.pdf", with(b"%PDF-1.4\n%%EOF\n", &zip), "a file that is a ZIP archive too"),
        ("archive.mp3", with(&sample::mp3(0), &zip), "a file that is a ZIP archive too"),
        ("archive.txt", with(b"text\n", &stored(&[])), "a file that is a ZIP archive too"),
        // Not at the very end, so no reader of archives finds it; still, it is there.
        (
            "archive.webp",
            with(&with(&sample::webp(), &zip), b"....."),
            "a picture with another file behind it",
        ),
        ("page.png", with(&sample::png(), markup), "a picture with markup inside"),
        ("page.gif", sample::gif_with_comment(b"<ScRiPt>alert(1)</sCrIpT>"), "a picture with markup inside"),
        (
            "page.jpg",
            sample::jpeg_with_comment(b"<?PHP system($_GET[0]); ?>"),
            "a picture with markup inside",
        ),
        ("page.webp", with(&sample::webp(), b"<!DOCTYPE html>"), "a picture with markup inside"),
        ("paper.png", with(&sample::png(), pdf), "a file that is a PDF too"),
        ("paper.jpg", sample::jpeg_with_comment(pdf), "a file that is a PDF too"),
        (
            "paper.mp3",
            with(b"ID3\x04\0\0\0\0\0\x0c%PDF-1.4 ...", &sample::mp3(0)),
            "a file that is a PDF too",
        ),
        ("tool.png", with(&sample::png(), b"\x7fELF\x02\x01\x01"), "a picture with another file behind it"),
        (
            "tool.jpg",
            with(&sample::jpeg(), &sample::windows_program()),
            "a picture with another file behind it",
        ),
        ("backup.gif", with(&sample::gif(), b"Rar!\x1a\x07\x00"), "a picture with another file behind it"),
    ];
    for (name, content, expected) in table {
        let refused = check(name, &content).expect_err(name);
        assert_eq!(refused.code(), ErrorCode::FileTypeMismatch, "{name}: {refused}");
        assert!(refused.to_string().ends_with(expected), "{name}: {refused}");
    }
}

#[test]
fn what_cameras_write_behind_a_picture_is_no_fault() {
    let film = sample::mp4(b"mp42", &[b"vide"]);
    for more in [film.as_slice(), &sample::jpeg(), b"\0\0\0\0SEFH\x6a\0\0\0", &[0; 4096]] {
        let kind = check("moving.jpg", &[sample::jpeg().as_slice(), more].concat()).unwrap();
        assert_eq!(kind.media_type, "image/jpeg");
    }
}

#[test]
fn markup_is_found_wherever_it_lies() {
    // Around the places where one piece that is read ends and the next begins.
    for before in [0, 1, 262_100, 262_140, 262_144, 262_150, 262_160, 600_000] {
        let more = [vec![b'.'; before], b"<script>".to_vec(), vec![b'.'; 20]].concat();
        let refused = check("page.png", &[sample::png(), more].concat()).unwrap_err();
        assert!(refused.to_string().ends_with("markup inside"), "{before}: {refused}");
    }
}

#[test]
fn what_is_damaged_or_made_to_do_damage_is_refused() {
    let png = sample::png();
    let zip = archive(&[("a.txt", b"abc")]);
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing.png", Vec::new(), "the file is empty"),
        ("half.png", png[..png.len() - 6].to_vec(), "the picture is damaged"),
        ("half.gif", sample::gif()[..20].to_vec(), "the picture is damaged"),
        ("half.zip", zip[..zip.len() - 10].to_vec(), "the archive is damaged"),
        ("half.docx", b"PK\x03\x04 and nothing else".to_vec(), "the archive is damaged"),
        ("half.doc", ole("WordDocument")[..600].to_vec(), "the document is damaged"),
        ("half.mp4", sample::mp4(b"isom", &[]), "the film or sound is damaged or incomplete"),
        ("bomb.zip", bomb(), "the archive unpacks to more than is allowed"),
        ("bomb.docx", bomb(), "the archive unpacks to more than is allowed"),
        ("hidden.zip", hiding(zip.clone()), "the archive is damaged"),
        ("overlap.zip", overlapping(), "the entries of the archive overlap"),
        ("crowd.zip", sample::crowded(200_000), "the archive has more than 100000 entries"),
        ("outside.zip", sample::directory_outside(), "the archive is damaged"),
    ];
    for (name, content, detail) in table {
        let refused = check(name, &content).expect_err(name);
        assert_eq!(refused.code(), ErrorCode::FileNotValid, "{name}: {refused}");
        assert_eq!(refused.to_string(), detail, "{name}");
    }
}

#[test]
fn only_what_is_on_the_list_is_taken() {
    for name in
        ["page.html", "drawing.svg", "tool.exe", "script.js", "invoice.pdf.exe", "photo.tiff", "README"]
    {
        let refused = check(name, b"anything").unwrap_err();
        assert_eq!(refused.code(), ErrorCode::FileTypeNotAllowed, "{name}: {refused}");
    }
}

#[test]
fn the_operator_chooses_the_list() {
    let types = Types::parse(" PNG, .jpg,dwg,svg,html,exe ").unwrap();
    let media_type =
        |name: &str, content: &[u8]| check_with(&types, name, content).map(|kind| kind.media_type.to_owned());
    assert_eq!(media_type("a.jpeg", &sample::jpeg()).unwrap(), "image/jpeg");
    assert!(matches!(media_type("a.pdf", b"%PDF-1.7"), Err(Refused::NotAllowed { .. })));
    // What is not known here is taken as bytes without a meaning, unless it is something that is known.
    assert_eq!(media_type("plan.dwg", b"AC1032\0\0\0\x01").unwrap(), "application/octet-stream");
    for disguised in [
        sample::png(),
        sample::windows_program(),
        b"<html>".to_vec(),
        b"<svg/>".to_vec(),
        b"#!/bin/sh".to_vec(),
    ] {
        assert!(matches!(media_type("plan.dwg", &disguised), Err(Refused::Mismatch { .. })));
    }
    // What can hold a program is never served as what it is.
    for (name, content) in
        [("a.svg", b"<svg/>".to_vec()), ("a.html", b"<html>".to_vec()), ("a.exe", sample::windows_program())]
    {
        let media_type = media_type(name, &content).unwrap();
        assert!(!is_shown_inline(&media_type), "{name} is {media_type}");
    }
    assert_eq!(
        Types::parse("png,*").unwrap_err().to_string(),
        "`*` is no extension: expected letters and digits, such as in pdf,docx,png"
    );
    assert!(Types::parse("png,,jpg").is_err());
}

#[test]
fn noise_is_not_taken_for_something_that_hides() {
    // As much as a film behind a photograph is, with all that a short sign would be found in.
    let mut random = 1_u64;
    let noise: Vec<u8> = (0..2_000_000)
        .flat_map(|_| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            random.to_be_bytes().into_iter().take(4)
        })
        .chain(*b"PK\x03\x04 PK\x05\x06 <svg <htm <?ph %PDF- \x7fELF MZ V_ A_")
        .chain([b'.'; 100])
        .collect();
    check("moving.jpg", &[sample::jpeg(), noise.clone()].concat()).unwrap();
    let voice = [sample::webm("webm", &["A_OPUS"]), noise].concat();
    assert_eq!(check("voice.webm", &voice).unwrap().media_type, "audio/webm");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn a_few_wrong_bytes_are_survived(
        sample in 0..12_usize,
        wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let samples: [fn() -> Vec<u8>; 12] = [
            sample::png,
            sample::gif,
            sample::jpeg,
            sample::webp,
            || sample::mp3(300),
            || sample::ogg(b"OpusHead"),
            || sample::mp4(b"isom", &[b"vide", b"soun"]),
            || sample::webm("webm", &["A_OPUS"]),
            || ole("WordDocument"),
            || archive(&[("a.txt", b"abc"), ("b.txt", b"def")]),
            || stored(&[("mimetype", b"application/vnd.oasis.opendocument.text")]),
            || sample::crowded(3),
        ];
        let mut content = samples[sample]();
        for (place, byte) in wrong {
            let place = place.index(content.len());
            content[place] = byte;
        }
        if let Some(cut) = cut {
            content.truncate(cut.index(content.len()));
        }
        properties::kind(&content);
    }
}

fn check(name: &str, content: &[u8]) -> Result<natter_files::kind::Kind, Refused> {
    check_with(&Types::default(), name, content)
}

fn check_with(types: &Types, name: &str, content: &[u8]) -> Result<natter_files::kind::Kind, Refused> {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    let checked = types.check(name, file.path());
    let beginning = &content[..content.len().min(BEGINNING_BYTES)];
    // By its beginning nothing is refused that would be taken in the end.
    if let Err(refused) = types.check_beginning(name, beginning) {
        assert!(checked.is_err(), "{name}: {refused}");
    }
    checked
}
