use crate::abi::{self, eg_bytes};

/// What handler_info returns.
#[repr(transparent)]
pub struct Info(abi::eg_info);

// SAFETY: immutable, and all it points to is static.
unsafe impl Sync for Info {}

impl Info {
    pub const fn new(name: &'static str, version: &'static str) -> Info {
        Info(abi::eg_info {
            struct_size: size_of::<abi::eg_info>() as u32,
            abi_major: abi::EG_ABI_MAJOR,
            abi_minor: abi::EG_ABI_MINOR,
            flags: 0,
            pointer_size: size_of::<*const u8>() as u32,
            reserved: 0,
            name: eg_bytes::of(name.as_bytes()),
            version: eg_bytes::of(version.as_bytes()),
            sdk: eg_bytes::of(
                concat!("edge-gateway-sdk-rust ", env!("CARGO_PKG_VERSION")).as_bytes(),
            ),
            language: eg_bytes::of(b"rust"),
        })
    }

    pub const fn name(mut self, name: &'static str) -> Info {
        self.0.name = eg_bytes::of(name.as_bytes());
        self
    }

    pub const fn version(mut self, version: &'static str) -> Info {
        self.0.version = eg_bytes::of(version.as_bytes());
        self
    }

    pub const fn unloadable(mut self) -> Info {
        self.0.flags |= abi::EG_INFO_UNLOADABLE;
        self
    }

    pub const fn as_ptr(&'static self) -> *const abi::eg_info {
        &self.0
    }
}
