package node

import (
	"fmt"
	"io"
	stdlog "log"
	"os"

	"tenure/cmd/tenure/exit"

	"github.com/rs/zerolog"
)

// NewLog opens the program's log: JSON lines to standard error, or to a file,
// which closing closes.
func NewLog(level, file string) (log zerolog.Logger, closing io.Closer, err error) {
	parsed, err := zerolog.ParseLevel(level)
	if err != nil {
		return zerolog.Nop(), nil, exit.With(exit.Usage, fmt.Errorf("--log-level must be debug, info, warn, error or disabled, not %q", level))
	}
	var to io.Writer = os.Stderr
	closing = io.NopCloser(nil)
	if file != "" {
		f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return zerolog.Nop(), nil, exit.With(exit.Usage, fmt.Errorf("--log-file: %w", err))
		}
		to, closing = f, f
	}
	zerolog.TimeFieldFormat = zerolog.TimeFormatUnixMicro
	return zerolog.New(to).Level(parsed).With().Timestamp().Logger(), closing, nil
}

// serverLog receives what net/http reports about connections. Its texts can
// contain what a peer sent, so only the fact is logged.
func serverLog(log zerolog.Logger) *stdlog.Logger {
	return stdlog.New(connectionLog{log}, "", 0)
}

type connectionLog struct{ log zerolog.Logger }

func (c connectionLog) Write(p []byte) (int, error) {
	c.log.Debug().Msg("a connection failed")
	return len(p), nil
}
