package remote

import (
	"bytes"
	"io"
	"mime"
	"strings"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/transform"
)

// maxDecodedBytes bounds a body in UTF-8: a character of one byte has at most three there.
const maxDecodedBytes = 3 * maxBodyBytes

// toUTF8 returns a body in UTF-8 without a byte order mark, so that patterns match what a browser
// shows. As there (WHATWG, Encoding Standard and HTML 13.2.3.2), its character set is that of the byte
// order mark, of the Content-Type, of the page's own declaration, or else UTF-8 if it is that and
// windows-1252 if it is not. What is no text is returned as it is, and so are bytes that the character
// set does not have, as U+FFFD.
func toUTF8(text []byte, contentType string) []byte {
	if !isText(contentType) {
		return text
	}
	set, name, _ := charset.DetermineEncoding(text, contentType)
	if name != "utf-8" {
		decoded, err := io.ReadAll(io.LimitReader(transform.NewReader(bytes.NewReader(text), set.NewDecoder()), maxDecodedBytes))
		if err == nil {
			text = decoded
		}
	}
	return bytes.TrimPrefix(text, []byte("\ufeff"))
}

// isText reports whether a Content-Type is one of texts; a response without one may be a text.
func isText(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	switch {
	case contentType == "" || err != nil && media == "":
		return true
	case strings.HasPrefix(media, "text/"), strings.HasSuffix(media, "+xml"), strings.HasSuffix(media, "+json"):
		return true
	}
	switch media {
	case "application/json", "application/xml", "application/javascript", "application/x-javascript":
		return true
	}
	return false
}
