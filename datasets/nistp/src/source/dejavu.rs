//! The fonts of DejaVu 2.37, which Linux distributions hand out (packages fonts-dejavu-core and fonts-dejavu-extra, or
//! dejavu-fonts): a collection that every machine can have the same.

use std::ffi::OsStr;

/// Each font's file, and the SHA-256 of its 62 characters as they are drawn here; in the order in which they are dealt out
/// to the parts.
pub(crate) const FONTS: [(&str, &str); 22] = [
    (
        "DejaVuSans-Bold",
        "38eb644f70a3cd001490083d5d06542442d6be51477d0ca63c0bdd02054d5068",
    ),
    (
        "DejaVuSansMono",
        "d3a74bb5d026d8a8b524b4bbc7a995bf460bb81ec9f4e9b633f6cfd7eaff575e",
    ),
    (
        "DejaVuSerif",
        "7363763af7d1a9c5640ec6ab645a9e4efe36284faf0201a365a313c6bc43cf31",
    ),
    (
        "DejaVuSerifCondensed",
        "315c701b601b2dba45d3dd32650ab2e4d4ca0b3c7555a8bc7174c9dd00a94e55",
    ),
    (
        "DejaVuSansMono-Bold",
        "6f5ce4a7de5a50021c513e6ec2bccedfc41f070a9c1ba7a54511901d93ec27e2",
    ),
    (
        "DejaVuSansCondensed",
        "fe04235384f3795cbb1fb4414d83d3c1d5a8525ec1a7d31be5179bca6af7f3a4",
    ),
    (
        "DejaVuSerifCondensed-BoldItalic",
        "4213cade5ad24c4cda08af0e506be3307614c7a93eed58051f01592490d14f75",
    ),
    (
        "DejaVuSansCondensed-Bold",
        "e7af0db9c6db4237c57486f6c359e35aea34769c71e4569466527de33691fb44",
    ),
    (
        "DejaVuSerif-Italic",
        "150e0ef88a8d40b6cd958ed0654f885669892bba3f20da41171c9839f4fa2ccc",
    ),
    (
        "DejaVuSerifCondensed-Bold",
        "7be2056ed59ced3bbeadc718099971a88d8422c155bd07433da06384509218bd",
    ),
    (
        "DejaVuSansMono-BoldOblique",
        "b3a3ceff3b7d1a0f0dce305e17952a9d8739092fe3a178d1c79843f7a0354d38",
    ),
    (
        "DejaVuSansCondensed-BoldOblique",
        "09923cec372e3ad8ab3eeabac82087dd223ac0be8e8444d6cadb64c31359b5e2",
    ),
    (
        "DejaVuSans",
        "8d6c76b880f510003ff0e661f0304dc66ee5efd670b48064878b438fad126dd5",
    ),
    (
        "DejaVuSans-ExtraLight",
        "1f7def36bb1b8ad50875cc293920080c569cf8b2cbc54da4a7f7683a99233e24",
    ),
    (
        "DejaVuSans-BoldOblique",
        "febfabd317bbc929ac7f3423adc64184037d89f5fc62c0cb21e7ef16d465c753",
    ),
    (
        "DejaVuSerifCondensed-Italic",
        "f43019fc56a0bd02d02d6629671aaeb7ef047c593c7e6fb8a5db9bea24d5519e",
    ),
    (
        "DejaVuSerif-BoldItalic",
        "87a3d66ca389fb3a9c3f8dfdca596940be1fd96453b35356c2a0b95b4ea8ed5c",
    ),
    (
        "DejaVuSansMono-Oblique",
        "ab8242617966086b3444b9e899abf5b348db1a4b231c0a8cc8661870fe3628ec",
    ),
    (
        "DejaVuSerif-Bold",
        "c97217803ad1a730851aa35940d75c09f27618dfbe949e72c6e93df1b9cf272c",
    ),
    (
        "DejaVuSansCondensed-Oblique",
        "0f98c10ef0f8201c7515d4b9653b5447f6c588eb5fb2c355e485e6b859a5f81f",
    ),
    (
        "DejaVuSans-Oblique",
        "9e759a1bea4a4d221855a51d7522f38edc414b6e433555cd0095167b49ca306e",
    ),
    (
        "DejaVuMathTeXGyre",
        "f559040793fe0fe39cec78f08e04c35bb08082557eae383f09eb32918944dbc3",
    ),
];

/// Whether a file of this name, its ending left out, may be one of them.
pub(crate) fn is_name(stem: &OsStr) -> bool {
    FONTS.iter().any(|(name, _)| stem == *name)
}
