"""Tests of one package at a time, without a network or a clock."""
