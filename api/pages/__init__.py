"""What recipients see: plain pages that work without JavaScript, on any device, in their language."""
