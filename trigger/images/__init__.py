"""Images: events become raw integer pixels in the format that the hardware would see."""
