// till is the demo's shop till: a small web app with data that must not be lost.
//
// Environment:
//
//	STORE_NUMBER   the store's number, shown on the page (required)
//	CARD_KEY       signs the receipts (required, never shown)
//	POD_NAME       the replica's name (default: the host name)
//	DATA_DIR       the volume that all replicas share (default /data)
//	LISTEN         address (default :8080)
//	DRAIN_SECONDS  how long it goes on answering after SIGTERM (default 3)
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// Set by the linker; it also chooses the page.
var version = "1.0.0"

const (
	headerTimeout   = 5 * time.Second
	requestTimeout  = 15 * time.Second
	idleTimeout     = 60 * time.Second
	shutdownTimeout = 15 * time.Second
	headerBytesMax  = 16 << 10
)

func main() {
	log.SetFlags(0) // The container runtime stamps every line.
	if err := run(); err != nil {
		log.Fatalf("till: %v", err)
	}
}

func run() error {
	identity := Identity{Version: version, StoreNumber: os.Getenv("STORE_NUMBER"), Pod: os.Getenv("POD_NAME"), CardKey: []byte(os.Getenv("CARD_KEY"))}
	if identity.StoreNumber == "" {
		return errors.New("STORE_NUMBER is not set; give the store's number")
	}
	if len(identity.CardKey) == 0 {
		return errors.New("CARD_KEY is not set; take it from the store's Secret")
	}
	if identity.Pod == "" {
		identity.Pod, _ = os.Hostname()
	}
	drain, err := strconv.Atoi(setting("DRAIN_SECONDS", "3"))
	if err != nil || drain < 0 || drain > 60 {
		return errors.New("DRAIN_SECONDS must be a whole number between 0 and 60")
	}
	journal, err := OpenJournal(setting("DATA_DIR", "/data"))
	if err != nil {
		return err
	}
	defer journal.Close()
	server, err := NewServer(identity, journal, time.Now)
	if err != nil {
		return err
	}
	return serve(server, setting("LISTEN", ":8080"), time.Duration(drain)*time.Second)
}

func serve(server *Server, address string, drain time.Duration) error {
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()

	front := &http.Server{
		Addr: address, Handler: server.Handler(),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: headerBytesMax,
	}
	failed := make(chan error, 1)
	go func() { failed <- front.ListenAndServe() }()
	log.Printf("till %s of store %s listens on %s as %s", server.identity.Version, server.identity.StoreNumber, address, server.identity.Pod)

	select {
	case err := <-failed:
		return fmt.Errorf("listen on %s: %w", address, err)
	case <-stop.Done():
	}
	// Whoever still has a connection is told with each answer to make another one, which reaches
	// another replica; only then do connections close.
	log.Printf("stopping: answering for another %v", drain)
	server.Drain()
	time.Sleep(drain)
	limit, release := context.WithTimeout(context.Background(), shutdownTimeout)
	defer release()
	if err := front.Shutdown(limit); err != nil {
		return fmt.Errorf("requests were still running %v after the drain: %w", shutdownTimeout, err)
	}
	log.Print("stopped")
	return nil
}

func setting(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
