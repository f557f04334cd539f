package policy

import (
	"net/netip"
	"strings"
)

// isMetadataAddress reports whether clouds answer a machine's questions about itself at this address,
// with credentials among the answers. The others are link-local (169.254.169.254 of Amazon, Azure,
// Google, Oracle, OpenStack and more, 169.254.170.2 of Amazon's containers, 169.254.42.42 of Scaleway,
// 169.254.0.23 of Tencent, fe80::a9fe:a9fe of OpenStack).
func isMetadataAddress(addr netip.Addr) bool {
	switch addr.String() {
	case "168.63.129.16", // https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
		"100.100.100.200",    // https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata
		"fd00:100::100:200",  // the same over IPv6
		"192.0.0.192",        // Oracle's classic cloud, https://docs.oracle.com/en/cloud/iaas/compute-iaas-cloud/stcsg/
		"fd00:c1::a9fe:a9fe", // https://github.com/oracle/oci-python-sdk, src/oci/auth/signers/instance_principals_security_token_signer.py
		"fd20:ce::254",       // https://cloud.google.com/compute/docs/metadata/querying-metadata
		"fd00:42::42",        // https://cloudinit.readthedocs.io/en/latest/reference/datasources/scaleway.html
		"fd00:a9fe:a9fe::1":  // https://techdocs.akamai.com/cloud-computing/docs/overview-of-the-metadata-service
		return true
	}
	// Amazon's services for instances: metadata is ::254, the identity of containers ::23.
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
	return addr.Is6() && within(addr.As16(), 0xfd, 0x00, 0x0e, 0xc2)
}

// isMetadataName reports whether a name is that of a metadata service, as its cloud's DNS resolves it.
func isMetadataName(host string) bool {
	switch strings.TrimSuffix(host, ".") {
	case "metadata", "metadata.google.internal", "metadata.goog", // https://cloud.google.com/compute/docs/metadata/querying-metadata
		"instance-data", "instance-data.ec2.internal", // https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
		"metadata.azure.internal",      // https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service
		"metadata.tencentyun.com",      // https://www.tencentcloud.com/document/product/213/4934
		"metadata.platformequinix.com", // https://deploy.equinix.com/developers/docs/metal/server-metadata/metadata/
		"metadata.packet.net",          // its earlier name
		"api.metadata.cloud.ibm.com":   // https://cloud.ibm.com/docs/vpc?topic=vpc-imd-about
		return true
	}
	return false
}

// isSpecial reports whether an address needs a rule that names it: link-local ones, the metadata
// services of clouds, and addresses that translate to one of them.
func isSpecial(addr netip.Addr) bool {
	addr = addr.WithZone("").Unmap()
	if addr.IsLinkLocalUnicast() || addr.IsLinkLocalMulticast() || isMetadataAddress(addr) {
		return true
	}
	inner, ok := translated(addr)
	return ok && isSpecial(inner)
}

// translated returns the IPv4 address that a gateway, or the kernel, would reach for an IPv6 address:
// NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), ISATAP (RFC 5214), Teredo (RFC 4380) and the deprecated
// compatible form (RFC 4291).
func translated(addr netip.Addr) (netip.Addr, bool) {
	if !addr.Is6() {
		return netip.Addr{}, false
	}
	b := addr.As16()
	last := netip.AddrFrom4([4]byte(b[12:16]))
	switch {
	case within(b, 0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0):
		return last, true
	case within(b, 0x00, 0x64, 0xff, 0x9b, 0, 1):
		// RFC 6052, 2.2: after a prefix of 48 bits the address is around byte 8; after one of 96 bits
		// it is at the end. Which it is, only the gateway knows.
		middle := netip.AddrFrom4([4]byte{b[6], b[7], b[9], b[10]})
		if isSpecial(middle) {
			return middle, true
		}
		return last, true
	case within(b, 0x20, 0x02):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	case within(b, 0x20, 0x01, 0, 0):
		return netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}), true
	case within(b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe:
		return last, true
	}
	return netip.Addr{}, false
}

func within(b [16]byte, prefix ...byte) bool {
	for i, p := range prefix {
		if b[i] != p {
			return false
		}
	}
	return true
}
