package segment

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
)

// contactOfBefore is what a version without states of bundles wrote of an agent.
const contactOfBefore = "01070a0377656205312e342e3005312e342e300b3139322e302e322e313a35040d0607016800000900000000"

func TestContactOfAnEarlierVersion(t *testing.T) {
	old, err := hex.DecodeString(contactOfBefore)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseContact(old)
	if err != nil || c.Hello == nil || c.Hello.Name != "web" || c.Hello.BundleVersion != "1.4.0" || c.Hello.BundleState != "" ||
		c.Hello.Remote != "192.0.2.1:5" || *c.Hello.ClockOffsetMS != -7 || c.Highest != 9 {
		t.Errorf("%+v, %v", c, err)
	}
	// A version of before can read what is written of an agent without a bundle.
	if again := AppendContact(nil, &c); !bytes.Equal(again, old) {
		t.Errorf("written again it is %x", again)
	}
	c.Hello.BundleState, c.Hello.BundleName, c.Hello.BundleChannel = "back 2.0.0: script.disk fails", "own", "beta"
	data := AppendContact(nil, &c)
	if data[0] == old[0] {
		t.Error("a version of before takes a contact with the state of a bundle for damaged")
	}
	again, err := ParseContact(data)
	if err != nil || *again.Hello.ClockOffsetMS != -7 || again.Hello.BundleState != c.Hello.BundleState ||
		again.Hello.BundleName != "own" || again.Hello.BundleChannel != "beta" || again.Highest != 9 {
		t.Errorf("%+v, %v", again, err)
	}
	data[0]++
	if _, err := ParseContact(data); !errors.Is(err, ErrContactVersion) {
		t.Errorf("of a newer version: %v", err)
	}
}
