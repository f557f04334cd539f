package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
)

// maxAddressBytes bounds the file of the address.
const maxAddressBytes = 1024

// ErrBadAddress is returned when the address of the endpoint is none.
var ErrBadAddress = errors.New("not an address (HOST:PORT)")

// SaveAddress stores the address that agents connect to, unless one is stored.
func SaveAddress(dir Dir, address string) error {
	if err := CheckAddress(address); err != nil {
		return err
	}
	err := writeNew(dir.addressFile(), []byte(address+"\n"), publicMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// Address returns the stored address; empty if there is none, as in a folder of an earlier version.
func Address(dir Dir) (string, error) {
	info, err := os.Stat(dir.addressFile())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > maxAddressBytes {
		return "", fmt.Errorf("%q: %w", dir.addressFile(), ErrBadAddress)
	}
	data, err := os.ReadFile(dir.addressFile())
	if err != nil {
		return "", err
	}
	address := strings.TrimSpace(string(data))
	if err := CheckAddress(address); err != nil {
		return "", fmt.Errorf("%q: %w", dir.addressFile(), err)
	}
	return address, nil
}

// CheckAddress returns an error if agents cannot connect to an address: ErrBadAddress.
func CheckAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q", ErrBadAddress, address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || CheckHost(host) != nil {
		return fmt.Errorf("%w: %q", ErrBadAddress, address)
	}
	return nil
}
