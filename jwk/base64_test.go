package jwk

import "testing"

func TestDecodeBase64(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "A": "", "QQ": "A", "QQ==": "A", "QUI": "AB", "QUJD": "ABC", "Q U\nJ*D": "ABC", "QUJDR": "ABC",
		"-_-_": "\xfb\xff\xbf", "+/+/": "\xfb\xff\xbf", "====": "",
	} {
		if got := string(decodeBase64(text)); got != want {
			t.Errorf("%q: %x", text, got)
		}
	}
}
