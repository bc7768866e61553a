"""What the command line shows: tables, trees and progress, made with Rich from plain data."""
