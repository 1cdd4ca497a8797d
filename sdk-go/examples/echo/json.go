package main

import edge "github.com/edge-gateway/edge-gateway/sdk-go"

// The three languages' echoes write the same bytes, which a JSON library does
// not promise. A request is bytes, not text: each byte outside ASCII is
// written as the code point of its value.

// appendFields writes [["name","value"],...].
func appendFields(json []byte, fields edge.Fields) []byte {
	json = append(json, '[')
	for i, f := range fields {
		if i > 0 {
			json = append(json, ',')
		}
		json = append(json, '[')
		json = appendText(json, f.Name)
		json = append(json, ',')
		json = appendText(json, f.Value)
		json = append(json, ']')
	}
	return append(json, ']')
}

func appendText(json []byte, s string) []byte {
	const hex = "0123456789abcdef"
	json = append(json, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			json = append(json, '\\', c)
		case c < 0x20 || c >= 0x7f:
			json = append(json, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			json = append(json, c)
		}
	}
	return append(json, '"')
}
