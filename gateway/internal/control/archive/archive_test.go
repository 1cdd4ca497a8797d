package archive_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/edge-gateway/edge-gateway/gateway/internal/control/archive"
	"github.com/edge-gateway/edge-gateway/gateway/internal/model"
)

// entry is one of an archive that a test makes.
type entry struct {
	name, content string
	kind          byte // of tar; 0 for a file
	mode          int64
	link          string
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Linkname: e.link, Mode: e.mode, Size: int64(len(e.content))}
		if e.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		must(t, w.WriteHeader(h))
		_, err := io.WriteString(w, e.content)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func zipOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		switch e.kind {
		case tar.TypeSymlink:
			h.SetMode(fs.ModeSymlink | 0o777)
		case tar.TypeFifo:
			h.SetMode(fs.ModeNamedPipe | 0o644)
		case 0:
			h.SetMode(fs.FileMode(max(e.mode, 0o644)))
		}
		f, err := w.CreateHeader(h)
		must(t, err)
		_, err = io.WriteString(f, e.content+e.link)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	must(t, err)
	must(t, w.Close())
	return out.Bytes()
}

var forms = []struct {
	name string
	make func(testing.TB, ...entry) []byte
}{
	{"tar", tarOf},
	{"gzipped tar", func(t testing.TB, e ...entry) []byte { return gzipped(t, tarOf(t, e...)) }},
	{"zip", zipOf},
}

func TestArchivesAreToldApartByTheirFirstBytes(t *testing.T) {
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			dir := t.TempDir()
			data := form.make(t, entry{name: "./top.txt", content: "top"}, entry{name: "src/", kind: tar.TypeDir},
				entry{name: "src/run.sh", content: "run", mode: 0o755}, entry{name: "src/", kind: tar.TypeDir})
			// In small pieces, as from a network.
			sum, err := archive.Unpack(iotest.HalfReader(bytes.NewReader(data)), dir, archive.Limits{})
			must(t, err)
			if sum.Files != 2 || sum.Size != 6 {
				t.Errorf("%+v", sum)
			}
			for name, want := range map[string]string{"top.txt": "top", "src/run.sh": "run"} {
				if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
					t.Errorf("%s: %q, %v", name, got, err)
				}
			}
			if info, err := os.Stat(filepath.Join(dir, "src/run.sh")); err != nil || info.Mode()&0o100 == 0 {
				t.Errorf("not executable: %v, %v", info.Mode(), err)
			}
		})
	}
}

func TestHostileEntriesAreRefused(t *testing.T) {
	file := func(name string) []entry { return []entry{{name: name, content: "x"}} }
	for _, test := range []struct {
		name    string
		entries []entry
		kind    model.Kind
		says    string
	}{
		{"up", file("../x"), model.Refused, `leaves the folder`},
		{"up inside", file("a/../../x"), model.Refused, `leaves the folder`},
		{"up and back", file("a/../b"), model.Refused, `leaves the folder`},
		{"absolute", file("/etc/x"), model.Refused, "absolute"},
		{"drive", file(`C:/x`), model.Refused, "':'"},
		{"stream", file(`x.c:y`), model.Refused, "':'"},
		{"backslash", file(`a\..\..\x`), model.Refused, `'\\'`},
		{"share", file(`\\host\x`), model.Refused, `'\\'`},
		{"control character", file("a\nb"), model.Refused, "control character"},
		{"escape sequence", file("a\x1b[2Jb"), model.Refused, "control character"},
		{"not UTF-8", file("a\xffb"), model.Refused, "UTF-8"},
		{"device", file("src/NUL"), model.Refused, "device"},
		{"device with extension", file("com1.c"), model.Refused, "device"},
		{"dot at the end", file("src./x"), model.Refused, "dot or a space"},
		{"empty part", file("a//b"), model.Refused, "empty part"},
		{"dot part", file("a/./b"), model.Refused, `"."`},
		{"twice", append(file("a"), file("a")...), model.Refused, "twice"},
		{"differ by case", append(file("Read.me"), file("READ.me")...), model.Refused, "by case"},
		{"folders differ by case", append(file("src/a"), file("SRC/b")...), model.Refused, "by case"},
		{"file and folder", append(file("a"), file("a/b")...), model.Refused, "as a file and as a folder"},
		{"folder and file", append(file("a/b"), file("a")...), model.Refused, "as a file and as a folder"},
		{"symbolic link", []entry{{name: "a", kind: tar.TypeSymlink, link: "/etc/passwd"}}, model.Refused, "is a link"},
		{"pipe", []entry{{name: "a", kind: tar.TypeFifo}}, model.Refused, "neither a file nor a folder"},
		{"long part", file(strings.Repeat("a", 300)), model.Refused, "255"},
		{"long name", file(strings.Repeat("a/", 300) + "b"), model.TooLarge, "longer than 512 bytes"},
		{"deep", file(strings.Repeat("a/", 40) + "b"), model.TooLarge, "32 folders"},
	} {
		for _, form := range forms {
			t.Run(test.name+" in a "+form.name, func(t *testing.T) {
				refused(t, form.make(t, test.entries...), archive.Limits{}, test.kind, test.says)
			})
		}
	}
	for _, kind := range []byte{tar.TypeLink, tar.TypeChar, tar.TypeBlock, tar.TypeCont, 'Z'} {
		refused(t, tarOf(t, entry{name: "a", kind: kind, link: "b"}), archive.Limits{}, model.Refused, `entry "a" is`)
	}
}

func TestLimitsHold(t *testing.T) {
	limits := archive.Limits{Total: 10_000, File: 6_000, Entries: 5}
	zeros := func(n int) string { return strings.Repeat("\x00", n) }
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			fits := form.make(t, entry{name: "d/a", content: zeros(6000)}, entry{name: "d/b", content: zeros(4000)}, entry{name: "c"}, entry{name: "e"})
			if _, err := archive.Unpack(bytes.NewReader(fits), t.TempDir(), limits); err != nil {
				t.Errorf("within the limits: %v", err)
			}
			refused(t, form.make(t, entry{name: "a", content: zeros(6001)}), limits, model.TooLarge, `entry "a" has more than 6000 bytes`)
			refused(t, form.make(t, entry{name: "a", content: zeros(6000)}, entry{name: "b", content: zeros(4001)}), limits, model.TooLarge, `with entry "b" the archive unpacks to more than 10000 bytes`)
			refused(t, form.make(t, entry{name: "a/b/c/d/e/f"}), limits, model.TooLarge, "5 files and folders")
			// Thousands of times its own size.
			refused(t, form.make(t, entry{name: "bomb", content: zeros(4 << 20)}), limits, model.TooLarge, "more than 6000 bytes")
		})
	}
	var many []entry
	for range 20 {
		many = append(many, entry{name: "a/", kind: tar.TypeDir})
	}
	refused(t, tarOf(t, many...), limits, model.TooLarge, "5 files and folders")
	refused(t, zipOf(t, many...), limits, model.TooLarge, "5 files and folders")
	// Nothing but what follows the end of a tar, without end.
	padded := append(tarOf(t, entry{name: "a"}), make([]byte, 2<<20)...)
	refused(t, gzipped(t, padded), limits, model.TooLarge, "more bytes than")
	refused(t, padded, limits, model.TooLarge, "more bytes than")
}

func TestABrokenArchiveIsRefused(t *testing.T) {
	// What cannot be compressed, so that a zip has it as it is.
	noise := make([]byte, 3000)
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			whole := form.make(t, entry{name: "a", content: string(noise)}, entry{name: "b", content: "b"})
			for _, n := range []int{0, 1, 3, 10, 511, 512, 700, len(whole) / 2, len(whole) - 600, len(whole) - 1} {
				if form.name == "tar" && n == len(whole)-1 {
					continue // a part of its padding
				}
				refused(t, whole[:n], archive.Limits{}, model.Refused, "")
			}
			flipped := bytes.Clone(whole)
			flipped[1500] ^= 0x40
			if form.name != "tar" { // which has no checksum of content
				refused(t, flipped, archive.Limits{}, model.Refused, "")
			}
		})
	}
	two := tarOf(t, entry{name: "a"})
	refused(t, append(bytes.Clone(two), two...), archive.Limits{}, model.Refused, "follows after the end")
	refused(t, two[:512], archive.Limits{}, model.Refused, "cut short")
	refused(t, []byte("just a text that is long enough to be something"), archive.Limits{}, model.Refused, "neither a zip nor a whole tar")
	refused(t, bytes.Repeat([]byte("text "), 1000), archive.Limits{}, model.Refused, "neither a zip nor a whole tar")
}

func TestAZipThatLiesIsRefused(t *testing.T) {
	content := strings.Repeat("x", 5000)
	good := zipOf(t, entry{name: "a", content: content})
	directory := bytes.Index(good, []byte("PK\x01\x02"))
	change := func(at int, to uint32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[directory+at:], to)
		return b
	}
	const size = 24
	refused(t, change(size, 10), archive.Limits{}, model.Refused, `entry "a" cannot be read`)
	refused(t, change(size, 6000), archive.Limits{}, model.Refused, `entry "a" cannot be read`)
	refused(t, change(size, 1<<31), archive.Limits{}, model.TooLarge, "unpacks to more than")

	encrypted := bytes.Clone(good)
	encrypted[directory+8] |= 1
	refused(t, encrypted, archive.Limits{}, model.Refused, `entry "a" is encrypted`)
	method := bytes.Clone(good)
	method[directory+10] = 93
	refused(t, method, archive.Limits{}, model.Refused, "compressed in a way")

	// A directory of many entries costs memory before anything is
	// unpacked.
	var many bytes.Buffer
	w := zip.NewWriter(&many)
	for range 3000 {
		_, err := w.Create("a")
		must(t, err)
	}
	must(t, w.Close())
	refused(t, many.Bytes(), archive.Limits{Entries: 1000}, model.TooLarge, "1000 files and folders")
}

func TestWhatDoesNotArriveIsNotTheArchivesFault(t *testing.T) {
	lost := errors.New("connection lost")
	for _, form := range forms {
		data := form.make(t, entry{name: "a", content: strings.Repeat("some text", 1000)})
		_, err := archive.Unpack(io.MultiReader(bytes.NewReader(data[:len(data)/2]), iotest.ErrReader(lost)), t.TempDir(), archive.Limits{})
		if !errors.Is(err, lost) {
			t.Errorf("%s: %v", form.name, err)
		}
		if known := (*model.Error)(nil); errors.As(err, &known) {
			t.Errorf("%s: %v is laid to the archive", form.name, err)
		}
	}
}

func TestOneFileIsAnArchiveOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	sum, err := archive.UnpackFile(strings.NewReader("int x;"), dir, "handler.c", archive.Limits{})
	if err != nil || sum.Files != 1 || sum.Size != 6 {
		t.Errorf("%+v, %v", sum, err)
	}
	for _, name := range []string{"../x.c", "/x.c", "", "a\x00.c"} {
		if _, err := archive.UnpackFile(strings.NewReader("x"), t.TempDir(), name, archive.Limits{}); kindOf(err) != model.Refused {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := archive.UnpackFile(strings.NewReader("too much"), t.TempDir(), "x.c", archive.Limits{Total: 3}); kindOf(err) != model.TooLarge {
		t.Error(err)
	}
}

func refused(t *testing.T, data []byte, limits archive.Limits, kind model.Kind, says string) {
	t.Helper()
	parent := t.TempDir()
	_, err := archive.Unpack(bytes.NewReader(data), filepath.Join(parent, "in"), limits)
	if err == nil || kindOf(err) != kind || !strings.Contains(err.Error(), says) {
		t.Errorf("%v (kind %d); want kind %d and %q", err, kindOf(err), kind, says)
	}
	if entries, _ := os.ReadDir(parent); len(entries) > 1 {
		t.Errorf("something was written beside the folder: %v", entries)
	}
}

func kindOf(err error) model.Kind {
	var known *model.Error
	if errors.As(err, &known) {
		return known.Kind
	}
	return 0
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
