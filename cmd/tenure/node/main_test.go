package node

import (
	"testing"

	"tenure/tenancy/db/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }
