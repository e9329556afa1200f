// Package x509view reads X.509 certificates (RFC 5280) and shows them field by field as a Java
// service prints them from its parsed key set.
//
// It owns: the BER walk, names, extensions, public keys, the table of elliptic curves ([OnCurve]),
// URI syntax ([ValidURI]), the view ([Certificate.AppendView]) and the facts that other packages ask
// about a certificate ([Certificate.Facts]). It does not own key sets (package jwk), and it verifies
// no signature and builds no chain: never rely on a certificate because it is readable here.
//
// It imports jwk/strictjson. Any package may import it.
//
// OpenJDK 25 decides which certificates are readable and what each getter gives. crypto/x509 refuses
// one in twenty certificates that the Java reader shows. Deviations, chosen:
//   - a byte array prints as an array with one base64 string, as the published schema shows it;
//   - a certificate above 256 KiB is unreadable, and so is an indefinite-length encoding nested
//     deeper than 64 levels.
//
// Reading is total: any bytes give a certificate or an error.
package x509view
