package directory

import "strings"

// Names of files. A key is cut at each '/'; a part becomes
//
//	part    the last one: a file
//	part+   any other: a folder
//
// and a part of 80 bytes or more, whose name could be too long, has its first
// 80 bytes cut off as
//
//	part=   a folder, in which the rest of the part is named like a part
//
// In a part only a-z, 0-9, '-', '_', and '.' (inside) stand for themselves; any
// other byte is %xx, so upper case too: some file systems do not tell "A" from
// "a". A name that Windows keeps for a device has its first byte escaped. A
// last part that is empty ("a/") is "%".
const (
	folderMark = '+'
	cutMark    = '='
	emptyName  = "%"
	cutAt      = 80 // bytes of a part, 240 when all are escaped
)

// pathOf is the path of a key's file below objects, with '/' between names.
func pathOf(key string) string {
	var path strings.Builder
	for {
		part, rest, more := strings.Cut(key, "/")
		for len(part) >= cutAt {
			path.WriteString(escape(part[:cutAt]))
			path.WriteByte(cutMark)
			path.WriteByte('/')
			part = part[cutAt:]
		}
		if !more {
			if part == "" {
				path.WriteString(emptyName)
			} else {
				path.WriteString(escape(part))
			}
			return path.String()
		}
		path.WriteString(escape(part))
		path.WriteByte(folderMark)
		path.WriteByte('/')
		key = rest
	}
}

// piece is what a file name says: for a file the end of a key, for a folder the
// next bytes of the keys in it. Pieces of one folder are in the order of their
// texts, as the keys are that they are part of.
type piece struct {
	name   string // of the file
	text   string
	folder bool
}

// pieceOf reads a file name back; ok is false for one that pathOf does not make.
func pieceOf(name string) (p piece, ok bool) {
	if name == emptyName {
		return piece{name: name}, true
	}
	body, isFolder := strings.CutSuffix(name, string(folderMark))
	body, isCut := strings.CutSuffix(body, string(cutMark))
	part, ok := unescape(body)
	switch {
	case !ok, isFolder && isCut, isCut != (len(part) == cutAt), len(part) > cutAt, part == "" && !isFolder:
		return p, false
	case isFolder:
		part += "/"
	}
	return piece{name, part, isFolder || isCut}, true
}

const digits = "0123456789abcdef"

func escape(part string) string {
	device := isDevice(part)
	var name strings.Builder
	for n := range len(part) {
		b := part[n]
		plain := b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-' || b == '_' ||
			b == '.' && n > 0 && n < len(part)-1
		if plain && (n > 0 || !device) {
			name.WriteByte(b)
			continue
		}
		name.WriteByte('%')
		name.WriteByte(digits[b>>4])
		name.WriteByte(digits[b&15])
	}
	return name.String()
}

// unescape is the inverse of escape, and of nothing else.
func unescape(name string) (string, bool) {
	part := make([]byte, 0, len(name))
	for n := 0; n < len(name); n++ {
		b := name[n]
		if b == '%' {
			if n+2 >= len(name) {
				return "", false
			}
			high, low := strings.IndexByte(digits, name[n+1]), strings.IndexByte(digits, name[n+2])
			if high < 0 || low < 0 {
				return "", false
			}
			b = byte(high<<4 | low)
			n += 2
		}
		part = append(part, b)
	}
	return string(part), escape(string(part)) == name
}

// isDevice tells whether Windows keeps a name for a device, whatever follows
// its first dot.
func isDevice(part string) bool {
	base, _, _ := strings.Cut(part, ".")
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(base) == 4 && (base[:3] == "com" || base[:3] == "lpt") && base[3] >= '0' && base[3] <= '9'
}
