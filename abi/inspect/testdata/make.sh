#!/bin/sh
# Makes the fixtures again, from handler.c. Needs clang, lld and llvm 14 or later
# and gcc-mingw-w64-x86-64-win32. Run in this folder.
set -eu
PATH=$PATH:$(dirname "$(readlink -f "$(command -v clang)")")
flags="-O2 -ffreestanding -fvisibility=hidden -I ../.."
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

for target in arm64:aarch64 riscv64:riscv64 386:i386 ppc64:powerpc64; do
  clang --target="${target#*:}-linux-gnu" $flags -fPIC -shared -nostdlib -fuse-ld=lld \
    -Wl,-z,noexecstack -Wl,-s -Wl,-z,max-page-size=4096 handler.c -o "linux-${target%:*}.elf"
done

x86_64-w64-mingw32-gcc $flags -shared -nostdlib -s -Wl,--entry=0 handler.c -o windows-amd64.pe
x86_64-w64-mingw32-gcc -O2 -s -I ../.. -nostdlib -Wl,--entry=handler_info handler.c \
  -o windows-program-amd64.pe
clang --target=aarch64-windows-msvc $flags -c handler.c -o "$work/arm64.obj"
lld-link /dll /noentry /nodefaultlib /machine:arm64 "$work/arm64.obj" /out:windows-arm64.pe \
  /implib:"$work/arm64.lib"

for arch in arm64 x86_64; do
  clang --target="$arch-apple-macos11" $flags -c handler.c -o "$work/$arch.o"
  ld64.lld -dylib -arch "$arch" -platform_version macos 11.0 11.0 "$work/$arch.o" -o "$work/$arch.macho"
done
cp "$work/arm64.macho" darwin-arm64.macho
cp "$work/x86_64.macho" darwin-amd64.macho
llvm-lipo -create "$work/arm64.macho" "$work/x86_64.macho" -output darwin-universal.macho
ld64.lld -execute -e _handler_info -arch arm64 -platform_version macos 11.0 11.0 "$work/arm64.o" \
  -o darwin-program-arm64.macho
cp "$work/arm64.o" darwin-object-arm64.macho
